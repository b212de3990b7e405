// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.nfs3.wire.MountProcedure;
import io.zerofs.server.nfs3.wire.MountStatus;
import io.zerofs.server.nfs3.wire.Nfs3Procedure;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares the tables of docs/protocols/nfs3.md with the enums. */
class Nfs3ConformancePageTest {
    private static final Path PAGE = Path.of("..", "docs", "protocols", "nfs3.md");
    private static final Set<String> STATES = Set.of("full", "partial", "refused");

    /** The rows of the table under a heading, without its head. */
    private static List<List<String>> rows(String heading) throws IOException {
        return Files.readAllLines(PAGE).stream()
                .dropWhile(line -> !line.equals("## " + heading))
                .skip(1)
                .takeWhile(line -> !line.startsWith("## "))
                .filter(line -> line.startsWith("|"))
                .skip(2)
                .map(line -> Arrays.stream(line.substring(1).split("\\|"))
                        .map(String::trim)
                        .toList())
                .toList();
    }

    private static void check(String heading, Stream<String> procedures, Consumer<String> status) throws IOException {
        List<List<String>> rows = rows(heading);
        assertEquals(
                procedures.toList(),
                rows.stream().map(row -> row.get(0) + " " + row.get(1)).toList());
        for (List<String> row : rows) {
            assertTrue(STATES.contains(row.get(2)), "state of " + row.get(1));
            Arrays.stream(row.get(4).split(", "))
                    .filter(name -> !name.isEmpty())
                    .forEach(name -> assertDoesNotThrow(() -> status.accept(name), row.get(1)));
            assertDoesNotThrow(() -> Class.forName("io.zerofs.server.nfs3." + row.get(5)), "test of " + row.get(1));
        }
    }

    @Test
    void everyNfsProcedureHasItsRow() throws IOException {
        check(
                "NFS procedures",
                Arrays.stream(Nfs3Procedure.values()).map(each -> each.number() + " " + each),
                Nfs3Status::valueOf);
    }

    @Test
    void everyMountProcedureHasItsRow() throws IOException {
        check(
                "MOUNT procedures",
                Arrays.stream(MountProcedure.values()).map(each -> each.number() + " " + each),
                MountStatus::valueOf);
    }
}
