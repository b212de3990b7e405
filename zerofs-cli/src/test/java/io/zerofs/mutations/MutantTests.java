// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.mutations;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.launcher.TagFilter.excludeTags;

import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.DiscoveryIssueException;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs test classes one after the other in this process, and ends it at the first failure. Prints a line for each class that
 * passed, and one for the failure. {@link TestProcess} starts it with the mutated classes before all others.
 */
final class MutantTests {
    static final String PASSED = "passed ";
    static final String FAILED = "failed ";
    /** Begins the line about a class without tests, or that JUnit does not find. No mutant is caught by that. */
    static final String UNUSABLE = "unusable ";

    static final int FAILURE_STATUS = 3;

    private MutantTests() {}

    public static void main(String[] classes) {
        for (String name : classes) {
            long began = System.nanoTime();
            Watch watch = new Watch();
            LauncherFactory.create()
                    .execute(
                            LauncherDiscoveryRequestBuilder.request()
                                    .selectors(selectClass(name))
                                    .filters(excludeTags("slow", "system"))
                                    .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true")
                                    .build(),
                            watch);
            if (watch.passed == 0) {
                end(UNUSABLE + name + " has no test that runs");
            }
            System.out.println(PASSED + name + " " + (System.nanoTime() - began) / 1_000_000);
        }
        // Threads that still run do not matter.
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static void end(String failure) {
        System.out.println(failure);
        System.out.flush();
        // Not in order: a mutant may hang where it closes.
        Runtime.getRuntime().halt(FAILURE_STATUS);
    }

    private static final class Watch implements TestExecutionListener {
        private int passed;

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            if (result.getStatus() == TestExecutionResult.Status.FAILED) {
                boolean started = result.getThrowable()
                        .filter(DiscoveryIssueException.class::isInstance)
                        .isEmpty();
                end((started ? FAILED : UNUSABLE)
                        + nameOf(test)
                        + ": "
                        + result.getThrowable().map(MutantTests::sentence).orElse("no reason"));
            }
            passed += test.isTest() && result.getStatus() == TestExecutionResult.Status.SUCCESSFUL ? 1 : 0;
        }

        private static String nameOf(TestIdentifier test) {
            return test.getSource()
                    .filter(MethodSource.class::isInstance)
                    .map(MethodSource.class::cast)
                    .map(method -> method.getClassName().replaceFirst(".*\\.", "") + "." + method.getMethodName())
                    .orElse(test.getDisplayName());
        }
    }

    /** Returns a failure and its first cause, in one line. A random test's failure has only the seed. */
    private static String sentence(Throwable failure) {
        Throwable first = failure;
        while (first.getCause() != null) {
            first = first.getCause();
        }
        return (first == failure ? failure.toString() : failure.getMessage() + ": " + first).replaceAll("\\s+", " ");
    }
}
