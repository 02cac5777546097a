// Tells apart documents that came under one id.

/** The same documents, each under an id of its own: the second `a` becomes `a-2`. Takes time linear in the documents. */
export function uniqueIds<Document extends { readonly id: string }>(documents: readonly Document[]): Document[] {
  const given = new Set(documents.map(({ id }) => id));
  const seen = new Set<string>();
  const numbers = new Map<string, number>();
  return documents.map((document) => {
    const { id } = document;
    if (!seen.has(id)) {
      seen.add(id);
      return document;
    }
    let number = numbers.get(id) ?? 2;
    while (given.has(`${id}-${number}`)) number++;
    numbers.set(id, number + 1);
    return { ...document, id: `${id}-${number}` };
  });
}
