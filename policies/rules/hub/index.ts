import type { Rule } from "../../model";

export const hubRules: readonly Rule[] = [];
