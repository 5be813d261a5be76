import type * as z from "zod";
import * as answers from "./answers";

/** What the answer to a call looks like. */
export interface Form {
	readonly schema: z.ZodType;
	/** The answer's own word for what it is, behind `io.nats.jetstream.api.v1.` */
	readonly type: string;
	/** Names that the answer must have in it, as the call has them. */
	readonly about?: (answer: never) => readonly string[];
}

const ofStream = ({ config }: answers.StreamInfo) => [config.name];
const ofConsumer = ({ stream_name, name }: answers.ConsumerInfo) => [stream_name, name];

/** Every call of the API that leafline makes. */
const FORMS: Readonly<Record<string, Form>> = {
	INFO: { schema: answers.accountInfo, type: "account_info_response" },
	"STREAM.INFO": { schema: answers.streamInfo, type: "stream_info_response", about: ofStream },
	"STREAM.CREATE": { schema: answers.streamInfo, type: "stream_create_response", about: ofStream },
	"STREAM.UPDATE": { schema: answers.streamInfo, type: "stream_update_response", about: ofStream },
	"STREAM.DELETE": { schema: answers.done, type: "stream_delete_response" },
	"STREAM.PURGE": { schema: answers.purged, type: "stream_purge_response" },
	"STREAM.LIST": { schema: answers.streamList, type: "stream_list_response" },
	"STREAM.NAMES": { schema: answers.streamNames, type: "stream_names_response" },
	"STREAM.MSG.GET": { schema: answers.storedMessage, type: "stream_msg_get_response" },
	"STREAM.MSG.DELETE": { schema: answers.done, type: "stream_msg_delete_response" },
	"STREAM.LEADER.STEPDOWN": { schema: answers.done, type: "stream_leader_stepdown_response" },
	"CONSUMER.INFO": { schema: answers.consumerInfo, type: "consumer_info_response", about: ofConsumer },
	"CONSUMER.CREATE": { schema: answers.consumerInfo, type: "consumer_create_response", about: ofConsumer },
	"CONSUMER.DURABLE.CREATE": { schema: answers.consumerInfo, type: "consumer_create_response", about: ofConsumer },
	"CONSUMER.RESET": { schema: answers.consumerInfo, type: "consumer_reset_response", about: ofConsumer },
	"CONSUMER.PAUSE": { schema: answers.paused, type: "consumer_pause_response" },
	"CONSUMER.DELETE": { schema: answers.done, type: "consumer_delete_response" },
	"CONSUMER.LIST": { schema: answers.consumerList, type: "consumer_list_response" },
	"CONSUMER.NAMES": { schema: answers.consumerNames, type: "consumer_names_response" },
};

/** @param call without the API's prefix, for example `STREAM.INFO.truck-001_can` */
export function formOf(call: string): Form & { readonly names: readonly string[] } {
	const tokens = call.split(".");
	for (let length = Math.min(3, tokens.length); length > 0; length--) {
		const form = FORMS[tokens.slice(0, length).join(".")];
		if (form) return { ...form, names: tokens.slice(length) };
	}
	throw new Error(`nothing is known of what is answered to ${call}`);
}
