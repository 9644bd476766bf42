import type { Body } from "../../api/client";

const ORDER = ["malicious", "suspicious", "benign"];

/** The worst that any provider says, empty where none says anything. */
export const worst = (answers: Pick<Body["Reputation"], "verdict">[]) =>
  ORDER.find((verdict) => answers.some((one) => one.verdict === verdict)) ?? "";
