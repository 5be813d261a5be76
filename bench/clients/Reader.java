import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PullSubscribeOptions;
import java.time.Duration;

/** Reads as a program with a reader's credentials does: fetches from the consumer that the fleet file declares. */
public class Reader {
	public static void main(String[] arguments) throws Exception {
		String stream = System.getenv("STREAM");
		String consumer = System.getenv("CONSUMER");
		int count = Integer.parseInt(System.getenv("COUNT"));
		Options.Builder options = new Options.Builder().server(System.getenv("NATS_URL"))
				.authHandler(Nats.credentials(System.getenv("NATS_CREDS")));
		// The prefix ends in a dot here; later versions add it themselves.
		options.inboxPrefix(System.getenv("INBOX") + ".");
		try (Connection connection = Nats.connect(options.build())) {
			JetStream jetstream = connection.jetStream();
			PullSubscribeOptions pull = PullSubscribeOptions.bind(stream, consumer);
			JetStreamSubscription subscription = jetstream.subscribe(null, pull);
			int read = 0;
			long deadline = System.nanoTime() + 5_000_000_000L;
			while (read < count && System.nanoTime() < deadline) {
				for (Message message : subscription.fetch(25, Duration.ofSeconds(1))) {
					if (message.getHeaders().getFirst("Nats-Stream-Source") != null) read++;
					message.ack();
				}
			}
			connection.flush(Duration.ofSeconds(2));
			System.out.println("read " + read);
		}
		System.exit(0);
	}
}
