import type { Rule } from "../../model";

export const identityRules: readonly Rule[] = [];
