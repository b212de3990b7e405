// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** The walls of this module, as {@code docs/architecture.md} draws them. */
class StorageArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.zerofs.storage");

    @Test
    void theAwsSdkStaysInItsAdapter() {
        onlyIn("io.zerofs.storage.object.s3..", "software.amazon..", "a store is replaced by writing one adapter");
    }

    @Test
    void theAzureSdkStaysInItsAdapter() {
        onlyIn("io.zerofs.storage.object.azure..", "com.azure..", "a store is replaced by writing one adapter");
    }

    @Test
    void rocksDbStaysInTheIndex() {
        onlyIn("io.zerofs.storage.index..", "org.rocksdb..", "native handles have one owner");
    }

    @Test
    void adaptersDoNotKnowEachOther() {
        check(slices().matching("io.zerofs.storage.object.(*)..").should().notDependOnEachOther());
    }

    @Test
    void thePortOfObjectsKnowsNothingAboveIt() {
        check(noClasses()
                .that()
                .resideInAPackage("io.zerofs.storage.object..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.zerofs.storage.engine..",
                        "io.zerofs.storage.commit..",
                        "io.zerofs.storage.index..",
                        "io.zerofs.storage.manifest..",
                        "io.zerofs.storage.checkpoint..",
                        "io.zerofs.storage.recovery..",
                        "io.zerofs.storage.cache..",
                        "io.zerofs.core.fs..",
                        "io.zerofs.core.vfs..",
                        "io.zerofs.core.volume..")
                .because("stores hold bytes under names and no more"));
    }

    @Test
    void packagesHaveNoCycles() {
        check(slices().matching("io.zerofs.storage.(*)..").should().beFreeOfCycles());
    }

    @Test
    void networkServersAreElsewhere() {
        check(noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.zerofs.server..", "io.zerofs.cli..", "io.netty..")
                .because("storage is below the servers' port and beside them"));
    }

    private static void onlyIn(String home, String library, String reason) {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(home)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .because(reason));
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(CLASSES);
    }
}
