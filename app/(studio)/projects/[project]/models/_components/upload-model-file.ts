/**
 * Sends one file of a model as the body of one request; the browser streams it from disk. XMLHttpRequest, because fetch tells
 * nothing about how much has been sent. Rejects with the server's own message.
 */
export function uploadModelFile({
  file,
  projectId,
  registrationId,
  onProgress,
}: {
  file: File;
  projectId: string;
  registrationId: string;
  onProgress: (sentBytes: number) => void;
}): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const query = new URLSearchParams({ project: projectId, name: file.name });
    request.open('POST', `/api/models/${registrationId}?${query}`);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      if (request.status === 201) resolve();
      else reject(new Error(request.response?.error?.message ?? `The server answered ${request.status}.`));
    };
    request.onerror = () => reject(new Error(`The connection broke off while ${file.name} was sent.`));
    request.send(file);
  });
}
