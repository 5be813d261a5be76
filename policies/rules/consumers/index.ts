import type { Rule } from "../../model";

export const consumerRules: readonly Rule[] = [];
