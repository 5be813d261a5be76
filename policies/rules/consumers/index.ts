import type { Rule } from "../../model";
import { consumerStatesDeliverPolicy } from "./consumer-states-deliver-policy";
import { durableSourceHasItsConsumer } from "./durable-source-has-its-consumer";
import { sourcingConsumerAcksByFlowControl } from "./sourcing-consumer-acks-by-flow-control";
import { sourcingConsumerDeliversAll } from "./sourcing-consumer-delivers-all";
import { sourcingConsumerDeliversToItsSource } from "./sourcing-consumer-delivers-to-its-source";
import { sourcingConsumerWindowIsBounded } from "./sourcing-consumer-window-is-bounded";

export const consumerRules: readonly Rule[] = [
	consumerStatesDeliverPolicy,
	durableSourceHasItsConsumer,
	sourcingConsumerAcksByFlowControl,
	sourcingConsumerDeliversAll,
	sourcingConsumerDeliversToItsSource,
	sourcingConsumerWindowIsBounded,
];
