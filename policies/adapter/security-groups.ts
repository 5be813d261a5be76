import { type DesignIngress, type Maybe, UNKNOWN } from "../model";
import { flag, isRecord, list, number, type Plain, type PlainRecord, text, texts } from "./plain";
import { originOf, type Resource } from "./resource";

/** Everything in `aws` that lets traffic in, by type: inline, and as resources of their own, old and new. */
export const SECURITY_GROUPS = {
	group: "aws:ec2/securityGroup:SecurityGroup",
	defaultGroup: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
	rule: "aws:ec2/securityGroupRule:SecurityGroupRule",
	ingressRule: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
} as const;

export function ingressOf(resource: Resource): DesignIngress[] {
	const { type, inputs, name } = resource;
	const origin = (label: string) => originOf(resource, label);
	switch (type) {
		case SECURITY_GROUPS.group:
		case SECURITY_GROUPS.defaultGroup: {
			const rules = list(inputs.ingress);
			const numbered = (index: number) => (rules.length === 1 ? name : `ingress ${index + 1} of ${name}`);
			return rules.map((rule, index) => ({ origin: origin(numbered(index)), ...inlineRule(rule) }));
		}
		case SECURITY_GROUPS.rule:
			return text(inputs.type, "ingress") === "egress" ? [] : [{ origin: origin(name), ...inlineRule(inputs) }];
		case SECURITY_GROUPS.ingressRule:
			return [{ origin: origin(name), ...singleRule(inputs) }];
		default:
			return [];
	}
}

type Reach = Omit<DesignIngress, "origin">;

/** A rule of lists, as it stands in a group and in `SecurityGroupRule`. */
function inlineRule(rule: Plain): Reach {
	if (!isRecord(rule)) {
		const nothing = { protocol: UNKNOWN, fromPort: UNKNOWN, toPort: UNKNOWN } as const;
		return { ...nothing, cidrs: [UNKNOWN], prefixLists: [], groups: [] };
	}
	return {
		...ports(rule, rule.protocol),
		cidrs: [...texts(rule.cidrBlocks), ...texts(rule.ipv6CidrBlocks)],
		prefixLists: texts(rule.prefixListIds),
		groups: [
			...texts(rule.securityGroups),
			...one(rule.sourceSecurityGroupId),
			...(flag(rule.self) === true ? ["itself"] : []),
		],
	};
}

/** A rule with one source, as the newer resource has it. */
function singleRule(rule: PlainRecord): Reach {
	return {
		...ports(rule, rule.ipProtocol),
		cidrs: [...one(rule.cidrIpv4), ...one(rule.cidrIpv6)],
		prefixLists: one(rule.prefixListId),
		groups: one(rule.referencedSecurityGroupId),
	};
}

/** Without ports AWS takes all of them. */
function ports(rule: PlainRecord, protocol: Plain): Pick<Reach, "protocol" | "fromPort" | "toPort"> {
	const name = text(protocol, "-1");
	return {
		protocol: name === UNKNOWN ? UNKNOWN : name.toLowerCase(),
		fromPort: number(rule.fromPort, 0),
		toPort: number(rule.toPort, 65_535),
	};
}

function one(value: Plain): Maybe<string>[] {
	const read = text(value, undefined);
	return read === undefined || read === "" ? [] : [read];
}
