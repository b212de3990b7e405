// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.config.ConfigLoader;
import io.zerofs.cli.config.Environment;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.storage.object.CannedServer;
import io.zerofs.storage.object.CannedServer.Answer;
import io.zerofs.storage.object.CannedServer.Received;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The S3 examples of this README and of the original reach their bucket, although they have no region. */
class ExamplesTest {
    /** The property that names the AWS SDK another endpoint, like {@code AWS_ENDPOINT_URL_S3} in the environment. */
    private static final String ENDPOINT = "aws.endpointUrlS3";

    private static final Path README = Path.of("..", "README.md");

    private CannedServer server;

    @BeforeEach
    void open() throws Exception {
        server = new CannedServer();
        System.setProperty(ENDPOINT, server.endpoint().toString());
    }

    @AfterEach
    void close() {
        System.clearProperty(ENDPOINT);
        server.close();
    }

    @Test
    void theExampleOfTheReadmeFindsTheRegion(@TempDir Path directory) throws Exception {
        String text = Files.readString(README);
        int from = text.indexOf("```toml\n") + "```toml\n".length();
        Path file = directory.resolve("zerofs.toml");
        Files.writeString(file, text.substring(from, text.indexOf("```", from)));
        listsIn(file, "zerofs");
    }

    @Test
    void theExampleOfTheOriginalFindsTheRegion() throws Exception {
        listsIn(Path.of("src/test/resources/examples/original.toml"), "zerofs-data");
    }

    private void listsIn(Path file, String prefix) throws Exception {
        server.answer(ExamplesTest::answer);
        String variables = "HOME=/home/user\0ZEROFS_PASSWORD=a long password\0AWS_ACCESS_KEY_ID=id\0"
                + "AWS_SECRET_ACCESS_KEY=secret\0";
        Environment environment = Environment.parse(variables.getBytes(StandardCharsets.US_ASCII));
        ZerofsConfig config = new ConfigLoader(environment).load(file);
        try (StoreConnection connection = StoreConnection.open(config.storage().url(), config)) {
            assertEquals(List.of(), connection.store().list("", "", 1));
        }
        Received list = server.received().get(server.received().size() - 1);
        assertTrue(list.path().startsWith("/my-bucket?"), list.path());
        assertTrue(list.path().contains("prefix=" + prefix + "%2F"), list.path());
        assertTrue(list.header("Authorization").contains("/eu-west-7/s3/"), list.header("Authorization"));
    }

    private static Answer answer(Received request) {
        return request.method().equals("HEAD")
                ? new Answer(403, Map.of("x-amz-bucket-region", "eu-west-7"), "")
                : Answer.of(200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
    }
}
