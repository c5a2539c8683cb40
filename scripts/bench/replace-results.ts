const BEGIN = '<!-- results: made by npm run bench -- --docs, not by hand -->';
const END = '<!-- end of results -->';

/** Puts `text` between the marks of a document. @throws Error when the document has not both marks, in order */
export function replaceResults(document: string, text: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin === -1 || end < begin)
    throw new Error(`expected the lines '${BEGIN}' and '${END}', in this order`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${document.slice(end)}`;
}
