// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.azure.json.JsonProviders;
import com.azure.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The program as a file: its list of libraries, their licences, and whether a second build makes the same bytes. */
@Tag("system")
class ContentsTest {
    private static final Duration BUILD_MAX = Duration.ofMinutes(15);
    private static final String LIST = "META-INF/sbom/zerofs.cdx.json";
    private static final String TEXTS = "META-INF/licenses/";

    @RegisterExtension
    final Scratch scratch = new Scratch();

    private record Library(String name, String version, List<String> licences) {}

    /** Returns the checksum of each file in the program. */
    private static Map<String, Long> checksums(Path program) throws IOException {
        Map<String, Long> checksums = new HashMap<>();
        try (ZipFile zip = new ZipFile(program.toFile())) {
            for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
                ZipEntry entry = all.nextElement();
                checksums.put(entry.getName(), entry.getCrc());
            }
        }
        return checksums;
    }

    private static List<Library> libraries() throws IOException {
        try (ZipFile zip = new ZipFile(Daemon.program().toFile())) {
            ZipEntry list = zip.getEntry(LIST);
            assertTrue(list != null, "no list of libraries: Maven makes none when it is offline");
            try (JsonReader reader = JsonProviders.createReader(zip.getInputStream(list))) {
                return objects(((Map<?, ?>) reader.readUntyped()).get("components")).stream()
                        .filter(each -> !"io.zerofs".equals(each.get("group")))
                        .map(ContentsTest::library)
                        .toList();
            }
        }
    }

    private static Library library(Map<?, ?> component) {
        List<String> licences = objects(component.get("licenses")).stream()
                .map(each -> (Map<?, ?>) each.get("license"))
                .map(licence -> licence == null ? null : licence.get("id"))
                .filter(Objects::nonNull)
                .map(Object::toString)
                .toList();
        return new Library(
                component.get("name").toString(), component.get("version").toString(), licences);
    }

    private static List<Map<?, ?>> objects(Object array) {
        List<Map<?, ?>> objects = new ArrayList<>();
        if (array instanceof Collection<?> all) {
            all.forEach(each -> objects.add((Map<?, ?>) each));
        }
        return objects;
    }

    @Test
    void listNamesTheLibraries() throws Exception {
        assertTrue(libraries().size() > 20, () -> "few libraries");
    }

    @Test
    void ownLicenceIsThere() throws Exception {
        assertTrue(checksums(Daemon.program()).containsKey(TEXTS + "LICENSE"));
    }

    @Test
    void everyLibraryHasTheTextOfItsLicence() throws Exception {
        Set<String> names = checksums(Daemon.program()).keySet();
        List<Library> without = libraries().stream()
                .filter(library -> names.stream()
                        .noneMatch(name -> name.startsWith(TEXTS + library.name() + "-" + library.version())
                                && !name.endsWith("/")))
                .filter(library ->
                        library.licences().stream().noneMatch(licence -> names.contains(TEXTS + licence + ".txt")))
                .toList();
        assertEquals(List.of(), without);
    }

    @Test
    void secondBuildInAnotherDirectoryMakesTheSameBytes() throws Exception {
        assumeTrue(System.getenv("ZEROFS_PROGRAM") == null, "needs the program of this checkout, not $ZEROFS_PROGRAM");
        Path again = Files.createDirectory(scratch.path("again"));
        Command.of(
                        "bash",
                        "-c",
                        "cd .. && git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2>/dev/null"
                                + " | tar -c -T - | tar -x -C \"$0\"",
                        again)
                .run();
        Command.of("mvn", "-B", "-ntp", "-q", "-f", again.resolve("pom.xml"), "-DskipTests", "package")
                .within(BUILD_MAX)
                .run();
        Path other = again.resolve("zerofs-cli/target/zerofs");
        if (Files.mismatch(Daemon.program(), other) != -1) {
            Set<Map.Entry<String, Long>> differing =
                    new HashSet<>(checksums(Daemon.program()).entrySet());
            differing.removeAll(checksums(other).entrySet());
            fail("these files differ, or the order or times if there are none; after mvn clean, try again: "
                    + differing);
        }
    }
}
