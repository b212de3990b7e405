// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.walls;

import static org.junit.jupiter.api.Assertions.assertThrows;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.zerofs.core.walls.clock.Clock;
import io.zerofs.core.walls.clock.Sleeper;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The fixtures beside this test break each rule: a wall that nothing could break would hold nothing. */
class WallsTest {
    private static final String ROOT = "io.zerofs.core.walls.";
    private static final JavaClasses BROKEN = new ClassFileImporter().importPackages("io.zerofs.core.walls");

    @Test
    void aCycleIsFound() {
        assertThrows(AssertionError.class, () -> Walls.noCycles(ROOT).check(BROKEN));
    }

    @Test
    void anArrowThatLeadsUpIsFound() {
        assertThrows(
                AssertionError.class,
                () -> Walls.floors(ROOT, List.of("upper", "lower")).check(BROKEN));
    }

    @ParameterizedTest
    @ValueSource(classes = {Clock.class, Sleeper.class})
    void accessToTheJvmIsFound(Class<?> breach) {
        JavaClasses broken = new ClassFileImporter().importClasses(breach);
        assertThrows(
                AssertionError.class,
                () -> Walls.onlyTheMachineAsksTheJvm(Set.of()).check(broken));
    }

    @Test
    void aFloorWithoutClassesIsFound() {
        assertThrows(
                AssertionError.class,
                () -> Walls.floors(ROOT, List.of("upper,lower", "nowhere")).check(BROKEN));
    }
}
