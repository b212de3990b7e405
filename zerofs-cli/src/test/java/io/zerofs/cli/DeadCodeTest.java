// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Methods of the program that neither the program nor its tests call. {@code mvn -Plint} sees the private ones only. */
class DeadCodeTest {
    @Test
    void eachMethodIsCalled() {
        List<Path> classes = Stream.of("core", "storage", "server", "cli")
                .flatMap(module -> Stream.of("classes", "test-classes")
                        .map(kind -> Path.of("..", "zerofs-" + module, "target", kind)))
                .toList();
        assertEquals(
                List.of(),
                uncalled(new ClassFileImporter()
                        .importPaths(classes).stream()
                                .filter(each -> each.getSource()
                                        .orElseThrow()
                                        .getUri()
                                        .getPath()
                                        .contains("/target/classes/"))));
    }

    @Test
    void aMethodThatNothingCallsIsReported() {
        JavaClass dead = new ClassFileImporter()
                .importClasses(Dead.class, DeadCodeTest.class)
                .get(Dead.class);
        assertEquals(List.of(Dead.class.getName() + ".recursive(int)"), uncalled(Stream.of(dead)));
    }

    private static List<String> uncalled(Stream<JavaClass> classes) {
        return classes.filter(each -> !each.isAnnotation())
                .flatMap(each -> each.getMethods().stream())
                .filter(method -> !isCalled(method))
                .map(JavaMethod::getFullName)
                .sorted()
                .toList();
    }

    private static boolean isCalled(JavaMethod method) {
        return method.getAccessesToSelf().stream()
                        .anyMatch(access -> !access.getOrigin().equals(method))
                || isMadeByTheCompiler(method)
                || method.getName().equals("main")
                || overrides(method);
    }

    private static boolean isMadeByTheCompiler(JavaMethod method) {
        JavaClass owner = method.getOwner();
        return method.getName().contains("$")
                || owner.isEnum() && Set.of("values", "valueOf").contains(method.getName())
                || owner.isRecord() && owner.tryGetField(method.getName()).isPresent();
    }

    private static boolean overrides(JavaMethod method) {
        JavaClass owner = method.getOwner();
        return owner.isInterface() && method.getName().equals("toString")
                || Stream.concat(owner.getAllRawSuperclasses().stream(), owner.getAllRawInterfaces().stream())
                        .flatMap(each -> each.getMethods().stream())
                        .anyMatch(each -> each.getName().equals(method.getName())
                                && each.getRawParameterTypes().size()
                                        == method.getRawParameterTypes().size());
    }

    /** A class with a method that only calls itself. */
    private static final class Dead {
        int recursive(int depth) {
            return depth == 0 ? 0 : recursive(depth - 1);
        }

        @Override
        public String toString() {
            return "dead";
        }
    }
}
