import type { Rule } from "../../model";
import { exemptionExpired } from "./exemption-expired";
import { exemptionUnused } from "./exemption-unused";

export const exemptionRules: readonly Rule[] = [exemptionExpired, exemptionUnused];
