// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.MessageType;
import io.zerofs.server.ninep.wire.SampleMessages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Compares the table of docs/protocols/ninep.md with the messages and with what the server answers. */
class ConformancePageTest {
    private static final Path PAGE = Path.of("..", "docs", "protocols", "ninep.md");
    private static final Pattern ROW = Pattern.compile("\\| [0-9]+ \\| T[A-Z]+ \\|.*");
    private static final Pattern ERRNO = Pattern.compile("\\bE[A-Z]{2,}\\b");

    private final List<List<String>> rows = rows();

    @Test
    void everyRequestHasItsRow() {
        List<String> expected = Arrays.stream(MessageType.values())
                .filter(MessageType::isRequest)
                .map(type -> type.code() + " " + type)
                .toList();
        assertEquals(
                expected,
                rows.stream().map(row -> row.get(0) + " " + row.get(1)).toList());
    }

    @Test
    void thePageListsExactlyTheRefusedRequests() throws Exception {
        try (NinePFixture fixture = new NinePFixture()) {
            DirectClient client = fixture.root();
            for (List<String> row : rows) {
                MessageType type = MessageType.valueOf(row.get(1));
                boolean refused = type != MessageType.TVERSION
                        && client.error(SampleMessages.requests().get(type)) == Errno.EOPNOTSUPP;
                assertEquals(refused ? "refused" : "full", row.get(2), type.name());
            }
        }
    }

    @Test
    void errorsAreOfLinuxAndTestsExist() {
        for (List<String> row : rows) {
            ERRNO.matcher(row.get(4))
                    .results()
                    .forEach(match -> assertDoesNotThrow(() -> Errno.valueOf(match.group())));
            assertDoesNotThrow(() -> Class.forName(getClass().getPackageName() + "." + row.get(5)), row.get(5));
        }
    }

    private static List<List<String>> rows() {
        try {
            return Files.readAllLines(PAGE).stream()
                    .filter(ROW.asMatchPredicate())
                    .map(line -> Arrays.stream(line.substring(1).split("\\|"))
                            .map(String::strip)
                            .toList())
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
