/** How dark a country with so many attackers is, 0 to 1, where the most has `most`: by powers, since one country has thousands. */
export const shade = (count: number, most: number) => (count <= 0 ? 0 : 0.15 + (0.85 * Math.log1p(count)) / Math.log1p(Math.max(most, count)));

const NAMES = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

/** Name of a country by its code; the code itself where there is no such country. */
export const named = (code: string) => {
  try {
    return NAMES.of(code) ?? code;
  } catch {
    return code;
  }
};
