/* Reads a stream of the hub, in one of the ways that clients have: fetch, push, ordered, get. */
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int seen(natsMsg *message) {
	const char *value = NULL;
	return natsMsgHeader_Get(message, "Nats-Stream-Source", &value) == NATS_OK;
}

int main(int argc, char **argv) {
	const char *way = argc > 1 ? argv[1] : "fetch", *stream = getenv("STREAM"), *consumer = getenv("CONSUMER");
	int count = atoi(getenv("COUNT")), read = 0;
	natsOptions *options = NULL;
	natsConnection *connection = NULL;
	jsCtx *jetstream = NULL;
	natsSubscription *subscription = NULL;
	jsErrCode code = 0;
	natsStatus status = natsOptions_Create(&options);

	if (status == NATS_OK) status = natsOptions_SetURL(options, getenv("NATS_URL"));
	if (status == NATS_OK) status = natsOptions_SetUserCredentialsFromFiles(options, getenv("NATS_CREDS"), NULL);
	if (status == NATS_OK && !strcmp(way, "fetch")) status = natsOptions_SetCustomInboxPrefix(options, getenv("INBOX"));
	if (status == NATS_OK) status = natsConnection_Connect(&connection, options);
	if (status == NATS_OK) status = natsConnection_JetStream(&jetstream, connection, NULL);

	if (status == NATS_OK && !strcmp(way, "get")) {
		for (int sequence = 1; status == NATS_OK && sequence <= count; sequence++) {
			natsMsg *message = NULL;
			status = js_GetMsg(&message, jetstream, stream, sequence, NULL, &code);
			if (status == NATS_OK) read += seen(message);
			natsMsg_Destroy(message);
		}
	} else if (status == NATS_OK) {
		jsSubOptions how;
		jsSubOptions_Init(&how);
		how.Stream = stream;
		if (!strcmp(way, "fetch")) {
			how.Consumer = consumer;
			status = js_PullSubscribe(&subscription, jetstream, NULL, consumer, NULL, &how, &code);
		} else {
			how.Ordered = !strcmp(way, "ordered");
			status = js_SubscribeSync(&subscription, jetstream, ">", NULL, &how, &code);
		}
		while (status == NATS_OK && read < count) {
			if (!strcmp(way, "fetch")) {
				natsMsgList list = {0};
				status = natsSubscription_Fetch(&list, subscription, 25, 2000, &code);
				for (int i = 0; status == NATS_OK && i < list.Count; i++) {
					read += seen(list.Msgs[i]);
					natsMsg_Ack(list.Msgs[i], NULL);
				}
				natsMsgList_Destroy(&list);
			} else {
				natsMsg *message = NULL;
				status = natsSubscription_NextMsg(&message, subscription, 2000);
				if (status == NATS_OK) read += seen(message);
				natsMsg_Destroy(message);
			}
		}
	}
	if (connection) natsConnection_FlushTimeout(connection, 2000);
	if (status != NATS_OK) fprintf(stderr, "%s (%d)\n", natsStatus_GetText(status), code);
	printf("read %d\n", read);
	return status == NATS_OK ? 0 : 1;
}
