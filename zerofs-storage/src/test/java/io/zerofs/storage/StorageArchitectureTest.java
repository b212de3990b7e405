// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import io.zerofs.core.walls.Walls;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The walls of this module, as {@code docs/architecture.md} draws them. The types of {@code io.zerofs.storage.walls}, a small
 * house of the same rooms, break each kind of rule, so that each is known to find a breach.
 */
final class StorageArchitectureTest {
    private static final String PROGRAM = "io.zerofs.storage";
    private static final String BROKEN = "io.zerofs.storage.walls";

    /** Rooms from the ground up. A room may use the rooms of lower floors, and none of its own floor. */
    private static final List<Set<String>> FLOORS = List.of(
            Set.of("bytes", "concurrent", "files"),
            Set.of("object"),
            Set.of("seal", "object.s3", "object.azure", "object.local", "object.memory"),
            Set.of("retry", "commit"),
            Set.of("manifest", "index", "cache"),
            Set.of("engine.runtime", "engine.upkeep"),
            Set.of("engine.memtable", "snapshot"),
            Set.of("engine.write", "engine.read"),
            Set.of("engine.readahead", "engine.compact", "engine.pipeline"),
            Set.of("engine", "checkpoint"),
            Set.of("recovery", "gc"),
            Set.of("check"),
            Set.of(""));

    /** Classes that may ask the JVM, or beginnings of their names. */
    private static final Set<String> ASKING_THE_JVM = Set.of(
            // A simulation has an EngineRuntime of its own.
            PROGRAM + ".engine.runtime.EngineThreads",
            // The holders of their locks only call RocksDB.
            PROGRAM + ".index.RocksIndex",
            PROGRAM + ".index.IndexCursor");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(PROGRAM);
    private static final JavaClasses BREACHES = new ClassFileImporter()
            .withImportOption(new ImportOption.OnlyIncludeTests())
            .importPackages(BROKEN);

    static Set<String> rules() {
        return walls(PROGRAM).keySet();
    }

    /** All kinds of rules: of those about floors one breach leads up, and one to a neighbour. */
    static List<String> breachedRules() {
        Set<String> floors = Set.of(leadDown("commit"), leadDown("index"));
        return rules().stream()
                .filter(rule -> !rule.startsWith(leadDown("")) || floors.contains(rule))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void theProgramKeeps(String rule) {
        walls(PROGRAM).get(rule).check(CLASSES);
    }

    @ParameterizedTest
    @MethodSource("breachedRules")
    void aBreachIsFound(String rule) {
        assertTrue(walls(BROKEN).get(rule).evaluate(BREACHES).hasViolation(), rule);
    }

    @Test
    void onlyTheMachineAsksTheJvm() {
        Walls.onlyTheMachineAsksTheJvm(ASKING_THE_JVM).check(CLASSES);
    }

    static Set<String> exceptions() {
        return ASKING_THE_JVM;
    }

    @ParameterizedTest
    @MethodSource("exceptions")
    void anExceptionIsNecessary(String exception) {
        Set<String> others = new TreeSet<>(ASKING_THE_JVM);
        others.remove(exception);
        assertTrue(Walls.onlyTheMachineAsksTheJvm(others).evaluate(CLASSES).hasViolation(), exception);
    }

    @Test
    void everyRoomHasAFloor() {
        Set<String> rooms = CLASSES.stream()
                .map(type -> type.getPackageName().equals(PROGRAM)
                        ? ""
                        : type.getPackageName().substring(PROGRAM.length() + 1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(rooms, FLOORS.stream().flatMap(Set::stream).collect(Collectors.toCollection(TreeSet::new)));
    }

    private static Map<String, ArchRule> walls(String root) {
        String modules = root.equals(PROGRAM) ? "io.zerofs" : root;
        Map<String, ArchRule> rules = new LinkedHashMap<>();
        rules.put(
                "the AWS SDK stays in its adapter, so that a store is replaced by writing one adapter",
                onlyIn(root + ".object.s3", "software.amazon.."));
        rules.put(
                "the Azure SDK stays in its adapter, so that a store is replaced by writing one adapter",
                onlyIn(root + ".object.azure", "com.azure.."));
        rules.put(
                "RocksDB stays in the index: native handles have one owner", onlyIn(root + ".index", "org.rocksdb.."));
        rules.put(
                "stores hold bytes under names and no more",
                noClasses()
                        .that()
                        .resideInAPackage(root + ".object..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage("io.zerofs.core.fs..", "io.zerofs.core.vfs..", "io.zerofs.core.volume.."));
        rules.put(
                "storage is below the servers' port and beside them",
                noClasses()
                        .that()
                        .resideInAPackage(root + "..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(modules + ".server..", modules + ".cli..", "io.netty.."));
        rules.put(
                "rooms have no cycles",
                slices().matching(root + ".(**)").should().beFreeOfCycles());
        for (int floor = 0; floor < FLOORS.size() - 1; floor++) {
            for (String room : FLOORS.get(floor)) {
                rules.put(leadDown(room), leadsDown(root, room, floor));
            }
        }
        return rules;
    }

    private static String leadDown(String room) {
        return "arrows lead down from " + room;
    }

    private static ArchRule onlyIn(String home, String library) {
        return classes()
                .that()
                .resideOutsideOfPackage(home)
                .should()
                .onlyDependOnClassesThat()
                .resideOutsideOfPackage(library);
    }

    private static ArchRule leadsDown(String root, String room, int floor) {
        List<String> others = new ArrayList<>();
        Stream<String> notBelow = FLOORS.stream().skip(floor).flatMap(Set::stream);
        notBelow.filter(other -> !other.equals(room)).forEach(other -> others.add(nameOf(root, other)));
        return noClasses()
                .that()
                .resideInAPackage(nameOf(root, room))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others.toArray(String[]::new));
    }

    private static String nameOf(String root, String room) {
        return room.isEmpty() ? root : root + "." + room;
    }
}
