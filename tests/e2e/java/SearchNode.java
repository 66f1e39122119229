import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/**
 * One node of OpenSearch: SearchNode HOME HTTP-PORT [SETTING=VALUE ...]. It keeps its data
 * below HOME, prints "ready" once it serves, and ends with its standard input.
 */
class SearchNode extends Node {
    SearchNode(Settings settings) {
        super(InternalSettingsPreparer.prepareEnvironment(
                  settings, Map.of(), null, () -> "search"),
              List.of(Netty4Plugin.class), false);
    }

    public static void main(String[] args) throws Exception {
        Settings.Builder settings = Settings.builder()
            .put("path.home", args[0])
            .put("http.port", args[1])
            .put("transport.port", "0")
            .put("network.host", "127.0.0.1")
            .put("discovery.type", "single-node")
            .put("http.type", "netty4")
            .put("transport.type", "netty4");
        for (int i = 2; i < args.length; i++) {
            String[] setting = args[i].split("=", 2);
            settings.put(setting[0], setting[1]);
        }
        try (Node node = new SearchNode(settings.build()).start()) {
            System.out.println("ready");
            while (System.in.read() >= 0) {
                // until its parent is gone
            }
        }
    }
}
