import type { Rule } from "../model";
import { consumerRules } from "./consumers";
import { exemptionRules } from "./exemptions";
import { hubRules } from "./hub";
import { identityRules } from "./identity";
import { streamRules } from "./streams";

/** Every rule, in the order of its page. */
export const rules: readonly Rule[] = [
	...streamRules,
	...consumerRules,
	...hubRules,
	...identityRules,
	...exemptionRules,
];
