import type { Rule } from "../../model";

export const streamRules: readonly Rule[] = [];
