import { DEVICE, type Role, type Share } from "../permissions";
import {
	adminKeySubject,
	askOwn,
	askPart,
	askWant,
	haveKey,
	keySubject,
	ownKey,
	partKey,
	RELEASES_BUCKET,
	RELEASES_STREAM,
	ROLLOUT_BUCKET,
	ROLLOUT_STREAM,
	releasesInbox,
	tellHave,
	wantKey,
} from "./names";

/**
 * Every device's role in RELEASES, as a template: it asks for its own order, its own parts and those that all may have, and
 * says what it has. An answer reaches whatever subject its request names there, so there is nothing but inboxes and these.
 */
export function releasesRole(): Role {
	return {
		publish: [askWant(DEVICE), askOwn(DEVICE, "*", "*"), askPart("*", "*"), tellHave(DEVICE)],
		subscribe: [`${releasesInbox(DEVICE)}.>`],
		connections: ["LEAFNODE"],
	};
}

/** What RELEASES takes of the hub: single keys of the two buckets, and one to write. */
export function releaseShares(): Share[] {
	const common = { kind: "service", from: "HUB", to: "RELEASES" } as const;
	const latest = (stream: string, bucket: string, key: string) =>
		`$JS.API.DIRECT.GET.${stream}.${keySubject(bucket, key)}`;
	return [
		{ ...common, subject: latest(ROLLOUT_STREAM, ROLLOUT_BUCKET, wantKey("*")), as: askWant("$1") },
		{
			...common,
			subject: latest(RELEASES_STREAM, RELEASES_BUCKET, ownKey("*", "*", "*")),
			as: askOwn("$1", "$2", "$3"),
		},
		{ ...common, subject: latest(RELEASES_STREAM, RELEASES_BUCKET, partKey("*", "*")), as: askPart("$1", "$2") },
		{ ...common, subject: keySubject(ROLLOUT_BUCKET, haveKey("*")), as: tellHave("$1") },
	];
}

/** What administrators write, as `adminKeySubject()`. */
export function releaseAdminShares(): Share[] {
	const common = { kind: "service", from: "HUB", to: "ADMIN" } as const;
	return [RELEASES_BUCKET, ROLLOUT_BUCKET].map((bucket) => {
		return { ...common, subject: keySubject(bucket, ">"), as: adminKeySubject(bucket, ">") };
	});
}
