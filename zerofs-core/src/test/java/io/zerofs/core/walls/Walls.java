// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.walls;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.Architectures;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Rules for the packages of a module, the same in each. A rule that no class concerns fails. */
public final class Walls {
    /** Members of the JDK, as ArchUnit writes them, about which a simulation decides. */
    private static final Pattern JVM = Pattern.compile(String.join(
            "|",
            "java.lang.Object.(wait|notify|notifyAll)\\(.*",
            "java.lang.Thread.(<init>|sleep|yield|onSpinWait|join|start|of\\w+)\\(.*",
            "java.lang.System.(nanoTime|currentTimeMillis|identityHashCode)\\(.*",
            "java.lang.Runtime.availableProcessors\\(.*",
            "java.lang.Math.random\\(.*",
            "java.time.\\w+.(now|system\\w*)\\(.*",
            "java.security.SecureRandom.*",
            "java.util.(Random|SplittableRandom).<init>\\(\\)",
            "java.util.UUID.randomUUID\\(.*",
            "java.util.Timer..*",
            "java.util.\\w+(.\\w+)?.parallel(Stream)?\\(.*",
            "java.util.concurrent.(ThreadLocalRandom|Executors|\\w*ThreadPoolExecutor|ForkJoinPool)..*",
            "java.util.concurrent.Semaphore.(acquire\\w*\\(.*|tryAcquire\\(.*TimeUnit\\))",
            "java.util.concurrent.(Phaser|CountDownLatch|CyclicBarrier|Exchanger)..*",
            "java.util.concurrent.(\\w*Blocking\\w+|\\w*TransferQueue|SynchronousQueue|DelayQueue)..*",
            "java.util.concurrent.locks.(LockSupport|Reentrant\\w*Lock|StampedLock).(<init>|park|unpark).*",
            "java.util.concurrent.\\w*Future.(get|join|\\w+Timeout|delayedExecutor)\\(.*",
            "java.util.concurrent.CompletableFuture.\\w+Async\\((?!.*Executor\\)).*",
            "java.util.concurrent.\\w*ExecutorService.(awaitTermination|invoke\\w+|close)\\(.*",
            "java.util.concurrent.TimeUnit.(sleep|timed\\w+)\\(.*"));

    private Walls() {}

    /** @param root the package of the module, with a dot at its end */
    public static ArchRule noCycles(String root) {
        return SlicesRuleDefinition.slices().matching(root + "(**)").should().beFreeOfCycles();
    }

    /**
     * Arrows lead down: a package uses those of its own floor and of the floors below it.
     *
     * @param root the package of the module, with a dot at its end
     * @param floors from the top down, the names of the packages of each separated by commas
     */
    public static ArchRule floors(String root, List<String> floors) {
        Architectures.LayeredArchitecture house =
                Architectures.layeredArchitecture().consideringOnlyDependenciesInLayers();
        for (String floor : floors) {
            String[] packages =
                    Stream.of(floor.split(",")).map(each -> root + each + "..").toArray(String[]::new);
            house = house.layer(floor).definedBy(packages);
        }
        house = house.whereLayer(floors.get(0)).mayNotBeAccessedByAnyLayer();
        for (int i = 1; i < floors.size(); i++) {
            String[] above = floors.subList(0, i).toArray(String[]::new);
            house = house.whereLayer(floors.get(i)).mayOnlyBeAccessedByLayers(above);
        }
        return house;
    }

    /**
     * Code asks the machine for time, chance, threads and waiting, so that a simulation decides about all of them.
     *
     * @param exceptions beginnings of the full names of classes that ask the JVM
     */
    public static ArchRule onlyTheMachineAsksTheJvm(Collection<String> exceptions) {
        return ArchRuleDefinition.noClasses()
                .that(DescribedPredicate.describe(
                        "are no exceptions",
                        (JavaClass type) -> exceptions.stream().noneMatch(type.getName()::startsWith)))
                .should()
                .accessTargetWhere(DescribedPredicate.describe(
                        "the JVM decides",
                        (JavaAccess<?> access) ->
                                JVM.matcher(access.getTarget().getFullName()).matches()));
    }
}
