import type { DesignInstance, Rule } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";

export const hubAmiIsPinned: Rule = {
	name: "hub-ami-is-pinned",
	area: "hub",
	title: "An instance's image changes only when somebody changes it",
	severity: "mandatory",
	why:
		"A look-up of the latest image gives another answer after each release of the distribution, and another image replaces the " +
		"instance: an update that was about something else takes the hub down, and with instance store its messages too. It has " +
		"replaced a host with state unasked elsewhere.",
	remedy: 'name the image (ami-…) in the settings, or keep the first answer with ignoreChanges: ["ami"]',
	example: {
		fails:
			'const { id: ami } = await aws.ec2.getAmi({ mostRecent: true, owners: ["amazon"], filters });\nnew aws.ec2.Instance("hub", { ami, instanceType });\n',
		complies:
			'const ami = "ami-0123456789abcdef0";\nnew aws.ec2.Instance("hub", { ami, instanceType }, { ignoreChanges: ["ami"] });\n',
		language: "typescript",
	},
	check: ({ instances }) =>
		instances.map((instance) => {
			const { origin } = instance;
			const floating = floats(instance);
			if (!isKnown(floating)) {
				return unknown(origin, `whether the AMI of ${origin.label} is pinned`);
			}
			return floating
				? violates(
						origin,
						`${origin.label} takes the newest AMI there is: the next release of it replaces the instance`,
					)
				: complies(origin);
		}),
};

/** EC2 itself looks up `resolve:ssm:<parameter>`, the latest version of it unless one is named. */
function floats({ ami, floatingAmi }: DesignInstance): DesignInstance["floatingAmi"] {
	const byParameter = isKnown(ami) && /^resolve:ssm:(?!.*:\d+$)/.test(ami);
	return byParameter || floatingAmi;
}
