import { isDeepStrictEqual } from "node:util";
import { formatPath } from "../../../config/errors";
import { some } from "../../../topology/format";
import { NO_ROLL, type Roll, turnover } from "../../../topology/roll";
import { advance, type Enrolment, type Roster } from "../../../topology/roster";
import { FIRST_SIGNING, type Signing } from "../../../topology/signing";
import { type Reporter, reporter } from "../../streams/provider/engine";
import type { Handler, Props } from "../../streams/provider/handler";

/**
 * Keeps who has which key. All of it is computed in `check`, from the inputs that the last update left behind and the
 * fleet: so a preview knows the outcome, and what hangs on it changes for those devices only that it changes for.
 */
export const roster: Handler = {
	async check(olds, news) {
		const { enrolment, ...others } = news as unknown as { enrolment: Enrolment };
		const { roster: next, problems } = advance(enrolment, olds as Partial<Roster>);
		const failures = problems.map(({ path, message, remedy }) => ({
			property: "",
			reason: `${formatPath(path)}: ${message}; ${remedy}`,
		}));
		return { inputs: { ...others, ...next }, ...(failures.length > 0 && { failures }) };
	},

	async diff(_id, olds, news) {
		const [was, next] = [rosterOf(olds), rosterOf(news)];
		const say = reporter(news.resourceUrn);
		tell(say, "device", was.devices, next.devices);
		tell(say, "reader", was.readers, next.readers);
		tellSigner(say, was.signing, next.signing);
		await say.flush();
		return { changes: !isDeepStrictEqual(was, next) };
	},

	async create(inputs) {
		return { id: "roster", outs: inputs };
	},

	async read(id, props) {
		return { id, props, inputs: { ...rosterOf(props) } };
	},

	async update(_id, _olds, news) {
		return { outs: news };
	},

	async delete() {},
};

function rosterOf({ devices, readers, signing }: Props): Roster {
	return {
		devices: (devices as Roll | undefined) ?? NO_ROLL,
		readers: (readers as Roll | undefined) ?? NO_ROLL,
		...(signing !== undefined && { signing: signing as Signing }),
	};
}

/** All credentials of devices are others, and the old ones of nobody end by it. */
function tellSigner(say: Reporter, { rotation: was } = FIRST_SIGNING, { rotation } = FIRST_SIGNING): void {
	if (rotation === was) return;
	say.warn(
		"a new key signs the credentials of all devices: they need new ones; those that the old key signed stay valid until every device has connected with new ones",
	);
}

function tell(say: Reporter, what: string, was: Roll, next: Roll): void {
	const { left, returned, rekeyed, rotated } = turnover(was, next);
	if (left.length > 0) {
		const whose = `${what} ${some(left)}`;
		say.info(
			`${whose} left the fleet: the credentials are revoked for ever when the hub has all that it holds; the name may come back, with new ones`,
		);
	}
	if (returned.length > 0) {
		say.warn(
			`${what} ${some(returned)} was revoked and comes back: it needs its new credentials, the old stay revoked`,
		);
	}
	if (rotated.length > 0) {
		say.warn(
			`${what} ${some(rotated)} gets a new key: it needs its new credentials, the old stay valid until it has connected with them`,
		);
	}
	if (rekeyed.length > 0) {
		say.warn(`${what} ${some(rekeyed)} gets another key: it needs its new credentials, the old are revoked for ever`);
	}
}
