import { choice, count, section } from "./fields";
import { MOST_ROTATIONS } from "./limits";

/** Part of the fleet file's shape: what is replaced for all devices at once, besides their own keys (`fleet-schema.ts`). */

export const SigningKey = section(
	{
		rotation: count(
			0,
			MOST_ROTATIONS,
			"How often it was replaced. Raise it by one: credentials that the old one signed stay valid until every device has connected with new ones.",
		),
		end: count(
			0,
			MOST_ROTATIONS,
			"Keys from before this rotation end, whoever has not connected with a later one: those devices are locked out until they have new credentials.",
		).prefault(0),
	},
	"The account's signing key, which signs the credentials of every device.",
);

export const Authority = section(
	{
		rotation: count(0, MOST_ROTATIONS, "How often it was replaced. Raise it by one, with stage beside, for a new one."),
		stage: choice(
			["beside", "signs", "alone"],
			"beside: devices are given the new one beside the old, which signs. signs: the new one signs. alone: the old one is gone.",
		),
	},
	"The authority that signs the hub's certificate, where leafline makes it.",
);
