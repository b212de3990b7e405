// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.walls.Walls;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The walls between the packages of this module. */
final class ArchitectureTest {
    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.zerofs.core");

    @Test
    void theFileSystemPortKnowsOnlyTheJdkAndTheRuleForWaiting() {
        classes()
                .that()
                .resideInAPackage("io.zerofs.core.vfs")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "io.zerofs.core.vfs", "io.zerofs.core.waiting")
                .because("protocols and other implementations build on it alone")
                .check(CORE);
    }

    @Test
    void theVolumePortKnowsOnlyTheJdkTheMachineAndTheRuleForWaiting() {
        classes()
                .that()
                .resideInAPackage("io.zerofs.core.volume")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..", "io.zerofs.core.volume", "io.zerofs.core.waiting", "io.zerofs.core.runtime")
                .because("engines build on it alone")
                .check(CORE);
    }

    @Test
    void theFormatDoesNoInputOrOutput() {
        noClasses()
                .that()
                .resideInAPackage("io.zerofs.core.format")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("io.zerofs.core.volume.VolumeException")
                .orShould()
                .dependOnClassesThat()
                .resideInAPackage("io.zerofs.core.fs")
                .because("it turns bytes into records and back")
                .check(CORE);
    }

    @Test
    void packagesHaveNoCycles() {
        Walls.noCycles("io.zerofs.core.").check(CORE);
    }

    @Test
    void arrowsOnlyLeadDown() {
        List<String> floors =
                List.of("fs", "format,locks", "vfs,volume", "waiting,background,secret,runtime,sorting,trace");
        Walls.floors("io.zerofs.core.", floors).check(CORE);
    }

    @Test
    void locksKnowInodesAndNoProtocol() {
        classes()
                .that()
                .resideInAPackage("io.zerofs.core.locks")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "io.zerofs.core.locks", "io.zerofs.core.vfs", "io.zerofs.core.runtime")
                .because("each protocol brings its own clients and handles")
                .check(CORE);
    }

    @Test
    void onlyTheMachineAsksTheJvm() {
        Walls.onlyTheMachineAsksTheJvm(Set.of("io.zerofs.core.runtime.")).check(CORE);
    }

    @Test
    void bothPortsNameTheSameChunk() {
        assertEquals(Volume.CHUNK_BYTES, VirtualFileSystem.CHUNK_BYTES);
    }

    @Test
    void locksLiveInTheFileSystem() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.zerofs.core.fs", "io.zerofs.core.runtime")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.util.concurrent.locks")
                .because("lock order is documented in one place, on InodeLocks")
                .check(CORE);
    }
}
