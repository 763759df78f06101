// SPDX-License-Identifier: Apache-2.0
#include "tests/base/check_result.h"

#include "core/plugin/plugin_directories.h"

using namespace orrery;

class TestPluginDirectories : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup() { qunsetenv(kPluginPathVariable); }
    void namedFoldersComeFirst()
    {
        qputenv(kPluginPathVariable, "/b::/c:");
        addPluginDirectories({"/a"});
        const auto directories = pluginDirectories("/home/me/data");
        QStringList paths;
        for (const PluginDirectory &directory : directories) paths << qtext(directory.path.string());
        QCOMPARE(paths.first(3), (QStringList{"/a", "/b", "/c"}));
        QCOMPARE(paths.size(), 5);
        QVERIFY(paths[3].endsWith("/lib/orrery/plugins"));
        QCOMPARE(paths[4], QString("/home/me/data/plugins"));
        QVERIFY(directories[0].need == DirectoryNeed::Named &&
                directories[3].need == DirectoryNeed::BuiltIn &&
                directories[4].need == DirectoryNeed::Optional);
    }
    void relativeFoldersAreTakenFromHere()
    {
        addPluginDirectories({"mine/../plugins"});
        QCOMPARE(qtext(pluginDirectories("/")[0].path.string()), QDir::currentPath() + "/plugins");
    }
    void nothingIsNamedByItself()
    {
        addPluginDirectories({});
        QCOMPARE(pluginDirectories("/").size(), size_t{2});
    }
};

QTEST_GUILESS_MAIN(TestPluginDirectories)
#include "tst_plugin_directories.moc"
