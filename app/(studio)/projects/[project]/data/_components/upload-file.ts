type Upload = {
  file: File;
  projectId: string;
  format: string;
  onProgress: (sentBytes: number) => void;
  signal: AbortSignal;
};

/**
 * Sends a file as the body of one request; the browser streams it from disk. XMLHttpRequest, because fetch tells nothing
 * about how much has been sent. Rejects with the server's own message.
 */
export function uploadFile({
  file,
  projectId,
  format,
  onProgress,
  signal,
}: Upload): Promise<{ importId: string }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const query = new URLSearchParams({ project: projectId, format, name: file.name });
    request.open('POST', `/api/imports?${query}`);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      if (request.status === 201) resolve(request.response as { importId: string });
      else reject(new Error(request.response?.error?.message ?? `The server answered ${request.status}.`));
    };
    request.onerror = () =>
      reject(new Error('The connection broke off; nothing was kept. Send the file again.'));
    request.onabort = () => reject(new Error('Stopped; nothing was kept.'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}
