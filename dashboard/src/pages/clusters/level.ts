/** What identities and campaigns are called; they are the same thing one level apart. */
export const LEVELS = {
  identities: {
    title: "Identity", plural: "Identities", members: "Addresses", about: "one actor behind several addresses", several: "Several addresses",
    none: "No identity has several addresses", hint: "Addresses are joined here when they have enough in common that few others have.",
  },
  campaigns: {
    title: "Campaign", plural: "Campaigns", members: "Identities", about: "identities that work together", several: "Several identities",
    none: "No campaign has several identities", hint: "Identities are joined here when they share servers, payloads or what they found.",
  },
} as const;

export type Level = keyof typeof LEVELS;
