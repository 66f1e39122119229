import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * An administrator and reader of a Kafka cluster, by Kafka's own client: KafkaHand BROKER.
 * Obeys lines on its standard input and answers each with lines, the last of them ".":
 *
 *   create NAME PARTITIONS   makes a topic
 *   grant USER NAME          lets a user write to the topic and describe it
 *   read NAME                prints key, tab and value of every message of the topic
 */
class KafkaHand {
    public static void main(String[] args) throws Exception {
        Map<String, Object> broker = Map.of("bootstrap.servers", args[0]);
        BufferedReader lines = new BufferedReader(
            new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (Admin admin = Admin.create(broker)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                obey(admin, args[0], line.split(" "));
                System.out.println(".");
            }
        }
    }

    private static void obey(Admin admin, String broker, String[] words) throws Exception {
        switch (words[0]) {
            case "create" -> admin.createTopics(List.of(new NewTopic(
                words[1], Integer.parseInt(words[2]), (short) 1))).all().get();
            case "grant" -> grant(admin, words[1], words[2]);
            case "read" -> read(broker, words[1]);
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    private static void grant(Admin admin, String user, String topic) throws Exception {
        ResourcePattern pattern =
            new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL);
        List<AclBinding> rights = List.of(AclOperation.WRITE, AclOperation.DESCRIBE).stream()
            .map(operation -> new AclBinding(pattern, new AccessControlEntry(
                "User:" + user, "*", operation, AclPermissionType.ALLOW)))
            .collect(Collectors.toList());
        admin.createAcls(rights).all().get();
    }

    private static void read(String broker, String topic) {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", broker, "isolation.level", "read_committed");
        StringDeserializer text = new StringDeserializer();
        try (KafkaConsumer<String, String> consumer =
                 new KafkaConsumer<>(settings, text, text)) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .collect(Collectors.toList());
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(
                       end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<String, String> record :
                         consumer.poll(Duration.ofSeconds(1))) {
                    System.out.println(record.key() + "\t" + record.value());
                }
            }
        }
    }
}
