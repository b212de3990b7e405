// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import io.zerofs.core.walls.Walls;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The walls of this module, as {@code docs/architecture.md} draws them. */
class ServerArchitectureTest {
    /** From the top floor down; a package may use those below it. Protocols share a floor and do not know each other. */
    private static final List<String> FLOOR_ORDER =
            List.of("nfs3,ninep,nbd,metrics,control", "rpc,http", "net,access", "bytes");

    private static final ArchRule NO_CYCLES = Walls.noCycles("io.zerofs.server.");
    private static final ArchRule FLOORS = Walls.floors("io.zerofs.server.", FLOOR_ORDER);

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.zerofs.server");

    @Test
    void codecsKnowOnlyBytes() {
        check(noClasses()
                .that()
                .resideInAnyPackage("io.zerofs.server..wire..", "io.zerofs.server.bytes..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.netty.channel..", "io.netty.bootstrap..", "io.zerofs.core..", "io.zerofs.server.net..")
                .because("a codec is tested with an array of bytes and read beside its specification"));
    }

    @Test
    void rpcKnowsRequestsAndNoFiles() {
        check(noClasses()
                .that()
                .resideInAPackage("io.zerofs.server.rpc..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty.channel..", "io.netty.bootstrap..", "io.zerofs.core..")
                .because("its programs give calls a meaning"));
    }

    @Test
    void channelsStayInTheNetworkPackage() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("io.zerofs.server.net..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty.channel..", "io.netty.bootstrap..")
                .because("who may wait, and how much a client may hold, is decided in one place"));
    }

    @Test
    void theNetworkPackageKnowsNoFiles() {
        check(noClasses()
                .that()
                .resideInAPackage("io.zerofs.server.net..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.zerofs.core.vfs..", "io.zerofs.core.volume..")
                .because("it carries any protocol"));
    }

    @Test
    void protocolsDoNotKnowEachOther() {
        for (String protocol : new String[] {"nfs3", "ninep", "nbd"}) {
            check(noClasses()
                    .that()
                    .resideInAPackage("io.zerofs.server." + protocol + "..")
                    .should()
                    .dependOnClassesThat(DescribedPredicate.describe(
                            "belong to another protocol",
                            type -> type.getPackageName().matches("io\\.zerofs\\.server\\.(nfs3|ninep|nbd)\\b.*")
                                    && !type.getPackageName().startsWith("io.zerofs.server." + protocol)))
                    .because("one can be removed without the others"));
        }
    }

    @Test
    void serversSpeakToThePortAndNotToTheFileSystem() {
        check(noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.zerofs.core.fs..",
                        "io.zerofs.core.format..",
                        "io.zerofs.core.volume..",
                        "io.zerofs.storage..",
                        "io.zerofs.cli..")
                .because("a protocol works over any file system"));
    }

    @Test
    void packagesHaveNoCycles() {
        check(NO_CYCLES);
    }

    @Test
    void arrowsOnlyLeadDown() {
        check(FLOORS);
    }

    private static void check(ArchRule rule) {
        rule.check(CLASSES);
    }
}
