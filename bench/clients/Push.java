import io.nats.client.Connection;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PushSubscribeOptions;
import java.time.Duration;

/** Reads as an administrator may: a push consumer, an ordered one, single messages. */
public class Push {
	public static void main(String[] arguments) throws Exception {
		String stream = System.getenv("STREAM");
		int count = Integer.parseInt(System.getenv("COUNT"));
		Options options = new Options.Builder().server(System.getenv("NATS_URL"))
				.authHandler(Nats.credentials(System.getenv("NATS_CREDS"))).build();
		try (Connection connection = Nats.connect(options)) {
			PushSubscribeOptions.Builder push = PushSubscribeOptions.builder().stream(stream);
			if (arguments[0].equals("ordered")) push.ordered(true);
			int read = 0;
			if (arguments[0].equals("get")) {
				for (int sequence = 1; sequence <= count; sequence++) {
					if (connection.jetStreamManagement().getMessage(stream, sequence).getHeaders() != null) read++;
				}
			} else {
				JetStreamSubscription subscription = connection.jetStream().subscribe(">", push.build());
				for (Message message; read < count && (message = subscription.nextMessage(Duration.ofSeconds(2))) != null;) {
					if (message.getHeaders().getFirst("Nats-Stream-Source") != null) read++;
					if (arguments[0].equals("push")) message.ack();
				}
			}
			System.out.println("read " + read);
		}
		System.exit(0);
	}
}
