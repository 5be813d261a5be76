import "../components/lazy-solver";

import { PolicyPack } from "@pulumi/policy";
import { watchConfiguration } from "./adapter/config";
import { packPolicies } from "./adapter/pack";
import { rules } from "./rules";

new PolicyPack("leafline", { policies: packPolicies(rules, watchConfiguration()), enforcementLevel: "mandatory" });
