import { expect, it } from "vitest";
import { evaluate } from "../../policies/evaluate";
import { rules } from "../../policies/rules";
import { compliantDesign, policyConfig } from "./fixture";

it("the compliant design passes all rules", () => {
	expect(evaluate(compliantDesign(), policyConfig(), rules)).toEqual([]);
});
