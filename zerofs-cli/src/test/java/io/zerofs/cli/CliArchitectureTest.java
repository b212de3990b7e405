// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** The walls of the program: commands use the configuration, which uses no command. */
class CliArchitectureTest {
    private static final ArchRule CONFIGURATION_KNOWS_NO_COMMAND = noClasses()
            .that()
            .resideInAPackage("io.zerofs.cli.config..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.zerofs.cli")
            .because("a configuration is read and checked before anything is begun");

    private static final ArchRule CONFIGURATION_OPENS_NOTHING = noClasses()
            .that()
            .resideInAPackage("io.zerofs.cli.config..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..", "org.rocksdb..", "software.amazon..", "com.azure..")
            .because("it makes settings, and the assembly makes what they are for");

    private static JavaClasses program() {
        return new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.zerofs.cli");
    }

    @Test
    void configurationKnowsNoCommandAndOpensNothing() {
        JavaClasses program = program();
        CONFIGURATION_KNOWS_NO_COMMAND.check(program);
        CONFIGURATION_OPENS_NOTHING.check(program);
    }

    /** {@code KnowsACommand} beside the tests of the configuration breaks the wall. */
    @Test
    void aConfigurationThatKnowsACommandIsFound() {
        JavaClasses broken = new ClassFileImporter().importPackages("io.zerofs.cli");
        assertThrows(AssertionError.class, () -> CONFIGURATION_KNOWS_NO_COMMAND.check(broken));
    }
}
