// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class EngineSettingsTest {
    @Test
    void defaultsAreWholeWhicheverGroupIsUsedFirst() throws Exception {
        for (Class<?> group : EngineSettings.class.getDeclaredClasses()) {
            try (URLClassLoader fresh = new URLClassLoader(classPath(), ClassLoader.getPlatformClassLoader())) {
                Class.forName(group.getName(), true, fresh);
                Object defaults = Class.forName(EngineSettings.class.getName(), true, fresh)
                        .getField("DEFAULT")
                        .get(null);
                assertEquals(EngineSettings.DEFAULT.toString(), defaults.toString(), group.getSimpleName());
            }
        }
    }

    private static URL[] classPath() throws Exception {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<URL> urls = new ArrayList<>();
        for (String part : path.split(File.pathSeparator)) {
            urls.add(Path.of(part).toUri().toURL());
        }
        return urls.toArray(URL[]::new);
    }
}
