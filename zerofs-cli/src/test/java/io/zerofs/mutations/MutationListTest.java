// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.mutations;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The list of mutations follows the code. {@code ci/mutations} runs them. */
class MutationListTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    @Test
    void eachMutationChangesOnePlaceAndNamesTestsThatExist() throws IOException {
        TestSources tests = TestSources.of(ROOT);
        for (Mutation mutation :
                MutationList.read(ROOT.resolve("ci/mutations.list")).values()) {
            String source = Files.readString(ROOT.resolve(mutation.file()));
            assertNotEquals(source, mutation.applyTo(source), mutation.name());
            mutation.tests().forEach(tests::find);
        }
    }

    @Test
    void textOccursOnceWhateverItsWhiteSpaceIs() {
        Mutation mutation = new Mutation("m", "", "", "File.java", "a =\n b;", "c;", List.of());
        assertEquals("{ c; }", mutation.applyTo("{ a\n   = b; }"));
        assertThrows(IllegalArgumentException.class, () -> mutation.applyTo("{ a = b; a = b; }"));
        assertThrows(IllegalArgumentException.class, () -> mutation.applyTo("{}"));
    }

    @Test
    void aNumberChoosesAShareOfTheList() {
        List<String> all = List.of("a", "b", "c");
        assertEquals(List.of("c", "a"), Mutations.share(all, List.of("--share=2:5")));
        assertEquals(all, Mutations.share(all, List.of("--by=SomeTest")));
    }

    @Test
    void aTestThatIsMissingCatchesNoMutant() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process = new ProcessBuilder(
                        java,
                        "-cp",
                        System.getProperty("java.class.path"),
                        MutantTests.class.getName(),
                        "io.zerofs.NoSuchTest")
                .redirectErrorStream(true)
                .start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        int status = process.waitFor();
        assertThrows(
                IllegalArgumentException.class, () -> TestProcess.failureOf(status, lines), () -> status + " " + lines);
    }
}
