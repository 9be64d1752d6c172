// Places in a text as the server names them: lines and columns from 1, columns in code points.

/** How many UTF-16 units the first `column - 1` code points of a line take; not more than the line has. */
export function unitsBefore(line: string, column: number): number {
  let units = 0;
  for (let left = column - 1; left > 0 && units < line.length; left--) units += (line.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  return units;
}
