/*
 * Publishes the lines of its standard input, one message each, and says on its standard output which are stored:
 *
 *     some-sensor | publisher nats://127.0.0.1:4222 vehicle.speed trip-2026-11-26
 *
 * A line is done when the device's stream has acknowledged it, and the next one waits for that: so they are stored in
 * order, and what cannot be stored yet holds back whoever writes the lines.
 */
#include <nats/nats.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static void must(natsStatus status, const char *what)
{
	if (status == NATS_OK)
		return;
	fprintf(stderr, "%s: %s\n", what, natsStatus_GetText(status));
	exit(1);
}

/*
 * Tells what is wrong with the message itself, and stays so, from a server that is away and a stream that is full
 * (10077), which have room again when the hub has taken what is there.
 */
static bool is_wrong(natsStatus status, jsErrCode code)
{
	if (status == NATS_MAX_PAYLOAD || status == NATS_INVALID_SUBJECT || status == NATS_INVALID_ARG)
		return true;
	return code == JSStreamMessageExceedsMaximumErr;
}

/* Returns when the stream has the message. The id makes it harmless to say it again when an acknowledgement was lost. */
static void store(jsCtx *js, const char *subject, const char *payload, int length, const char *id)
{
	jsPubOptions options;
	int64_t pause = 50;
	char said[256] = "";

	jsPubOptions_Init(&options);
	options.MsgId = id;
	options.MaxWait = 2000;
	for (;;) {
		jsPubAck *ack = NULL;
		jsErrCode code = 0;
		const natsStatus status = js_Publish(&ack, js, subject, payload, length, &options, &code);
		jsPubAck_Destroy(ack);
		if (status == NATS_OK)
			return;
		if (is_wrong(status, code))
			must(status, id);
		char why[256];
		snprintf(why, sizeof why, "%s, %s (%d)", natsStatus_GetText(status), nats_GetLastError(NULL), (int)code);
		if (strcmp(why, said) != 0)
			fprintf(stderr, "%s waits: %s\n", id, strcpy(said, why));
		nats_Sleep(pause);
		pause = pause < 500 ? 2 * pause : 1000;
	}
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: publisher URL SUBJECT RUN   (RUN names this input: it is the first part of each message's id)\n");
		return 1;
	}
	natsOptions *options = NULL;
	natsConnection *nc = NULL;
	jsCtx *js = NULL;
	must(natsOptions_Create(&options), "options");
	must(natsOptions_SetURL(options, argv[1]), argv[1]);
	must(natsOptions_SetMaxReconnect(options, -1), "options"); /* the device's server may be away for as long as it likes */
	must(natsOptions_SetReconnectWait(options, 250), "options");
	must(natsOptions_SetRetryOnFailedConnect(options, true, NULL, NULL), "options"); /* also at the start */
	must(natsConnection_Connect(&nc, options), argv[1]);
	must(natsConnection_JetStream(&js, nc, NULL), "JetStream");

	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	for (long n = 1; (length = getline(&line, &room, stdin)) > 0; n++) {
		char id[256];
		snprintf(id, sizeof id, "%s-%ld", argv[3], n);
		if (line[length - 1] == '\n')
			length--;
		store(js, argv[2], line, (int)length, id);
		printf("%s\n", id);
		fflush(stdout);
	}
	free(line);
	jsCtx_Destroy(js);
	natsConnection_Destroy(nc);
	natsOptions_Destroy(options);
	nats_Close();
	return 0;
}
