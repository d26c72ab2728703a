/**
 * Put newly asked rows before those that are known, newest first, and keep at most `most`.
 *
 * Null where none of the known rows is among the new ones: rows between them may be missing, and
 * the whole list must be asked for again.
 */
export function extended<Row>(
  known: readonly Row[],
  fresh: readonly Row[],
  idOf: (row: Row) => number,
  most: number,
): Row[] | null {
  const newest = known[0];
  if (newest === undefined) return null;
  const overlap = fresh.findIndex((row) => idOf(row) === idOf(newest));
  return overlap < 0 ? null : [...fresh.slice(0, overlap), ...known].slice(0, most);
}
