// SPDX-License-Identifier: Apache-2.0
#include "tests/base/check_result.h"
#include "tests/plugin/plugin_fixture.h"

#include "core/base/text.h"

#include <QFileInfo>
#include <unistd.h>

using namespace orrery;
using orrery::test::libraryHeader;
using orrery::test::manifestOf;
using orrery::test::PluginFolder;

namespace {

QByteArray requiring(const QByteArray &id, const QByteArray &version = {})
{
    return R"("requires":[{"id":")" + id + "\"" +
           (version.isEmpty() ? QByteArray() : R"(,"version":")" + version + "\"") + "}]";
}

QByteArray providing(const QByteArray &name)
{
    return R"("provides":[{"point":"FeedForward","name":")" + name + R"("}])";
}

/// "alpha available, beta disabled"
QString states(const PluginCatalogue &catalogue)
{
    QStringList states;
    for (const PluginRecord &record : catalogue.records())
        states << qtext(record.info.id) + u' ' + QString::fromUtf8(pluginStateName(record.info.state));
    return states.join(", ");
}

/// As the reason of its folder wants it: nothing of it was read, and nothing can be loaded.
bool isLeftOut(const PluginRecord &record)
{
    return record.info.state == PluginState::Refused && qtext(record.info.reason).startsWith("Cannot trust ") &&
           record.info.name.empty() && record.engineLibrary.empty() && record.uiLibrary.empty();
}

QStringList order(const PluginCatalogue &catalogue)
{
    QStringList ids;
    for (const PluginRecord &record : catalogue.records()) ids << qtext(record.info.id);
    return ids;
}

} // namespace

class TestPluginCatalogue : public QObject {
    Q_OBJECT

    /// The one plugin "x" is listed in this state with this reason and a next step.
    void checkState(const PluginFolder &folder, const char *id, PluginState state, const char *reason)
    {
        const PluginInfo info = folder.scanned(id);
        QCOMPARE(pluginStateName(info.state), pluginStateName(state));
        QVERIFY2(qtext(info.reason).contains(QString::fromUtf8(reason)), info.reason.c_str());
        QVERIFY(!info.hint.empty());
    }

private Q_SLOTS:
    void listsWhatIsThere()
    {
        PluginFolder folder;
        folder.add("beta");
        folder.add("alpha", R"("provides":[{"point":"FeedForward","name":"alpha_ffn"}])");
        folder.write("notes.txt", "no plugin");
        folder.write(".hidden/hidden.json", "{");
        folder.write("Not A Plugin/x", "");
        const PluginCatalogue catalogue = folder.scan();
        QCOMPARE(order(catalogue), (QStringList{"alpha", "beta"}));
        QVERIFY(catalogue.problems().empty());
        const PluginRecord *alpha = catalogue.find("alpha");
        QVERIFY(alpha && alpha->info.isUsable() && alpha->info.reason.empty());
        QCOMPARE(qtext(alpha->engineLibrary.filename().string()), QString("libalpha.so"));
        QCOMPARE(qtext(alpha->info.directory), QFileInfo(folder.path("alpha")).canonicalFilePath());
        QVERIFY(!catalogue.find("gamma"));
        QVERIFY(catalogue.fieldTable()->providerOf("FeedForward", "alpha_ffn")->id == "alpha");
    }
    void aMissingFolderIsToldOnlyWhenItWasNamed()
    {
        const std::filesystem::path path = "/nowhere/plugins";
        QVERIFY(PluginCatalogue::scan({{path, DirectoryNeed::Optional}}).problems().empty());
        const auto problems = PluginCatalogue::scan({{path, DirectoryNeed::Named}}).problems();
        QCOMPARE(problems.size(), size_t{1});
        QVERIFY(problems[0].message.find("/nowhere/plugins") != std::string::npos);
    }
    void eachFolderThatCannotBeReadIsTold()
    {
        PluginFolder folder;
        std::vector<PluginDirectory> named;
        for (const QString &name : {QString("a"), QString("b")}) {
            QVERIFY(QFile::link(folder.path(name), folder.path(name))); // to itself
            named.push_back({folder.fsPath(name), DirectoryNeed::Named});
        }
        const auto problems = PluginCatalogue::scan(named).problems();
        QCOMPARE(problems.size(), size_t{2});
        QVERIFY2(problems[1].message.find("/b\"") != std::string::npos, problems[1].message.c_str());
    }
    void aFolderThatOthersMayWriteIsNotSearched()
    {
        PluginFolder folder;
        folder.add("x");
        folder.setMode(QString(), 0777);
        folder.write("Not A Plugin/x", "");
        folder.write("y/readme", "");
        const PluginCatalogue catalogue = folder.scan();
        QCOMPARE(order(catalogue), QStringList{"x"}); // by its name alone
        QVERIFY(isLeftOut(catalogue.records()[0]));
        QCOMPARE(catalogue.problems().size(), size_t{1});
        QVERIFY2(catalogue.problems()[0].text().find("everybody may write it") != std::string::npos,
                 catalogue.problems()[0].text().c_str());
    }

    /// Whoever may write there could take the id of any plugin.
    void whatIsLeftOutTakesNothingFromOthers()
    {
        PluginFolder open, trusted;
        open.add("x");
        open.setMode(QString(), 0777);
        trusted.add("x");
        const PluginCatalogue catalogue = PluginCatalogue::scan(
            {{open.fsPath(), DirectoryNeed::Named}, {trusted.fsPath(), DirectoryNeed::Named}});
        QCOMPARE(order(catalogue), QStringList{"x"});
        QVERIFY(catalogue.find("x")->info.isUsable());
        QCOMPARE(catalogue.problems().size(), size_t{1});
    }

    /// Plugins in a folder of a folder, which has this mode and owner.
    static PluginCatalogue scannedBelow(const PluginFolder &folder, mode_t mode, uid_t user, gid_t group)
    {
        folder.write("above/plugins/x/x.json", manifestOf("x"));
        folder.write("above/plugins/x/libx.so", libraryHeader());
        folder.setMode("above/plugins", 0755);
        const QByteArray above = folder.path("above").toUtf8();
        if (::chown(above.constData(), user, group) != 0) qFatal("cannot give the folder away");
        folder.setMode("above", mode); // behind chown(), which may take bits away
        return PluginCatalogue::scan({{folder.fsPath("above/plugins"), DirectoryNeed::Named}});
    }
    void foldersAboveMustBeTrustedToo_data()
    {
        QTest::addColumn<int>("mode");
        QTest::addColumn<int>("user"); // -1: this one
        QTest::addColumn<int>("group");
        QTest::addColumn<QString>("reason"); // empty: fine
        QTest::newRow("usual") << 0755 << -1 << -1 << QString();
        QTest::newRow("private") << 0700 << -1 << -1 << QString();
        QTest::newRow("everybody") << 0777 << -1 << -1 << "everybody may write \"";
        QTest::newRow("everybody, sticky") << 01777 << -1 << -1 << QString();
        QTest::newRow("a group") << 0775 << -1 << 4711 << "its group may write \"";
        QTest::newRow("a group, sticky") << 01775 << -1 << 4711 << QString();
        QTest::newRow("root's own group") << 0775 << 0 << 0 << QString();
        QTest::newRow("somebody else") << 0755 << 4711 << -1 << "above it belongs to user 4711";
        QTest::newRow("somebody else, sticky") << 01777 << 4711 << -1 << "above it belongs to user 4711";
    }
    void foldersAboveMustBeTrustedToo()
    {
        QFETCH(int, mode);
        QFETCH(int, user);
        QFETCH(int, group);
        QFETCH(QString, reason);
        if (::geteuid() != 0 && (user >= 0 || group >= 0)) QSKIP("Only root can give files away.");
        PluginFolder folder;
        const PluginCatalogue catalogue = scannedBelow(folder, static_cast<mode_t>(mode),
                                                       static_cast<uid_t>(user), static_cast<gid_t>(group));
        QCOMPARE(catalogue.records().size(), size_t{1});
        QCOMPARE(isLeftOut(catalogue.records()[0]), !reason.isEmpty());
        QCOMPARE(catalogue.problems().size(), reason.isEmpty() ? size_t{0} : size_t{1});
        if (reason.isEmpty()) return;
        const Error &problem = catalogue.problems()[0];
        QVERIFY2(qtext(problem.message).contains(reason) &&
                     problem.message.find("/above\"") != std::string::npos,
                 problem.message.c_str());
        QVERIFY(problem.code == ErrorCode::Conflict && !problem.hint.empty());
    }
    void aLinkThatOthersMayChangeIsNotFollowed()
    {
        PluginFolder folder;
        PluginFolder elsewhere;
        elsewhere.add("x");
        folder.write("above/readme", "");
        QVERIFY(QFile::link(elsewhere.path(), folder.path("above/plugins")));
        const std::vector<PluginDirectory> named{{folder.fsPath("above/plugins"), DirectoryNeed::Named}};
        QCOMPARE(order(PluginCatalogue::scan(named)), QStringList{"x"});
        folder.setMode("above", 0777);
        const PluginCatalogue catalogue = PluginCatalogue::scan(named);
        QVERIFY(isLeftOut(*catalogue.find("x")) && catalogue.problems().size() == 1);
    }
    void aRefusedManifestStillSaysWhichItIs()
    {
        PluginFolder folder;
        const auto told = [&](const QByteArray &manifest) {
            folder.addAs("x", manifest);
            const PluginInfo info = folder.scanned("x");
            const bool isRefused = info.state == PluginState::Refused && !info.directory.empty();
            return qtext(info.id + "|" + info.name + "|" + info.version + "|" +
                         std::to_string(info.apiVersion)) +
                   (isRefused ? "" : " and is not refused");
        };
        QCOMPARE(told(manifestOf("x").replace("\"apiVersion\":1", "\"apiVersion\":2")), "x|Plugin x|1.0.0|2");
        QCOMPARE(told(manifestOf("x", R"("nonsense":1)")), "x|Plugin x|1.0.0|1");
        QCOMPARE(told(manifestOf("y")), "x|Plugin y|1.0.0|1"); // in a folder of another name
        QCOMPARE(told(manifestOf("x").replace("1.0.0", "one")), "x|Plugin x||1");
        QCOMPARE(told(manifestOf("x").replace("\"Plugin x\"", "7")), "x||1.0.0|1");
        QCOMPARE(told("{"), "x|||0");
        QCOMPARE(told("[1]"), "x|||0");
        // And what it provides, where that is right.
        const QByteArray provides = R"("provides":[7,{"point":"Nowhere","name":"a"},{"point":"FeedForward","name":"A B"},)"
                                    R"({"point":"FeedForward","name":"x_ffn"}])";
        folder.addAs("x", manifestOf("x", provides).replace("\"apiVersion\":1", "\"apiVersion\":2"));
        const std::vector<ProvidedPart> known{{"FeedForward", "x_ffn"}};
        QVERIFY(folder.scanned("x").provides == known);
    }

    void refusesBrokenJson()
    {
        PluginFolder folder;
        folder.addAs("x", "{\n  \"id\": \"x\",\n  \"name\" \"y\"\n}");
        checkState(folder, "x", PluginState::Refused, "line 3");
    }
    void refusesAnotherInterface()
    {
        PluginFolder folder;
        folder.addAs("x", manifestOf("x").replace("\"apiVersion\":1", "\"apiVersion\":2"));
        checkState(folder, "x", PluginState::Refused, "version 2 of the plugin interface, expected 1");
    }
    void refusesAFolderWithoutManifest()
    {
        PluginFolder folder;
        folder.write("x/readme", "");
        checkState(folder, "x", PluginState::Refused, "x.json");
    }
    void refusesAMissingLibrary()
    {
        PluginFolder folder;
        folder.add("x");
        QVERIFY(QFile::remove(folder.path("x/libx.so")));
        checkState(folder, "x", PluginState::Refused, "the library is missing");
    }
    void refusesWhatIsNoLibrary_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("reason");
        QByteArray program = libraryHeader();
        program[16] = ET_EXEC;
        QByteArray other = libraryHeader();
        other[18] = EM_SPARC;
        QTest::newRow("text") << QByteArray("#!/bin/sh\nrm -rf /\n").repeated(9) << "it is no library";
        QTest::newRow("empty") << QByteArray() << "it is no library";
        QTest::newRow("cut off") << libraryHeader().first(20) << "it is no library";
        QTest::newRow("program") << program << "it is a program";
        QTest::newRow("another processor") << other << "another kind of processor";
    }
    void refusesWhatIsNoLibrary()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, reason);
        PluginFolder folder;
        folder.add("x");
        folder.write("x/libx.so", content);
        checkState(folder, "x", PluginState::Refused, qPrintable(reason));
    }
    void refusesWhatOthersMayWrite_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("mode");
        QTest::addColumn<QString>("who");
        for (const char *name : {"x", "x/x.json", "x/libx.so"}) {
            const int mode = QString(name) == "x" ? 0755 : 0644;
            QTest::addRow("%s by everybody", name) << name << (mode | 0002) << "everybody may write it";
            QTest::addRow("%s by its group", name) << name << (mode | 0020) << "its group may write it";
        }
    }
    void refusesWhatOthersMayWrite()
    {
        QFETCH(QString, name);
        QFETCH(int, mode);
        QFETCH(QString, who);
        PluginFolder folder;
        folder.add("x");
        folder.setMode(name, static_cast<mode_t>(mode));
        checkState(folder, "x", PluginState::Refused, qPrintable(who));
        checkState(folder, "x", PluginState::Refused, qPrintable(QFileInfo(folder.path(name)).fileName()));
    }
    void refusesWhatBelongsToSomebodyElse()
    {
        if (::geteuid() != 0) QSKIP("Only root can give files away.");
        for (const char *name : {"x", "x/x.json", "x/libx.so"}) {
            PluginFolder folder;
            folder.add("x");
            QCOMPARE(::chown(folder.path(name).toUtf8().constData(), 4711, 4711), 0);
            checkState(folder, "x", PluginState::Refused, "it belongs to user 4711");
        }
    }
    void refusesLinksOutOfTheFolder()
    {
        PluginFolder folder;
        PluginFolder elsewhere;
        elsewhere.add("x");
        folder.add("x");
        QFile::remove(folder.path("x/libx.so"));
        QVERIFY(QFile::link(elsewhere.path("x/libx.so"), folder.path("x/libx.so")));
        checkState(folder, "x", PluginState::Refused, "it is a link to");
        QFile::remove(folder.path("x/libx.so"));
        folder.write("x/libx.so.1", libraryHeader());
        QVERIFY(
            QFile::link("libx.so.1", folder.path("x/libx.so"))); // within the folder, as linkers make them
        QVERIFY(folder.scanned("x").isUsable());
        QFile::remove(folder.path("x/x.json"));
        QVERIFY(QFile::link(elsewhere.path("x/x.json"), folder.path("x/x.json")));
        checkState(folder, "x", PluginState::Refused, "it is a link");
        QDir(folder.path("x")).removeRecursively();
        QVERIFY(QFile::link(elsewhere.path("x"), folder.path("x")));
        checkState(folder, "x", PluginState::Refused, "it is a link");
    }
    void refusesNamesThatAreTaken()
    {
        PluginFolder folder;
        folder.add("alpha", R"("provides":[{"point":"FeedForward","name":"new_ffn"}])");
        folder.add("beta", R"("provides":[{"point":"FeedForward","name":"new_ffn"}])");
        folder.add("gamma", R"("provides":[{"point":"FeedForward","name":"gelu"}])");
        folder.add("delta",
                   R"("provides":[{"point":"Block","name":"new_ffn"}])"); // another point, another name
        QVERIFY(folder.scanned("alpha").isUsable());
        QVERIFY(folder.scanned("delta").isUsable());
        checkState(folder, "beta", PluginState::Refused, "plugin \"alpha\" has that name");
        checkState(folder, "gamma", PluginState::Refused, "the program itself has that name");
    }
    void oneThatCannotBeUsedTakesNoName()
    {
        PluginFolder folder;
        folder.add("alpha", providing("new_ffn") + "," + requiring("notthere"));
        folder.add("beta", providing("new_ffn"));
        folder.add("gamma", requiring("beta"));
        QCOMPARE(states(folder.scan()), QString("alpha disabled, beta available, gamma available"));
        // Nor does one that is refused for another of its names.
        folder.add("alpha", R"("provides":[{"point":"FeedForward","name":"new_ffn"},)"
                            R"({"point":"FeedForward","name":"gelu"}])");
        QCOMPARE(states(folder.scan()), QString("alpha refused, beta available, gamma available"));
        // What one requires comes first: without it, neither could be used.
        folder.add("alpha", providing("new_ffn") + "," + requiring("beta"));
        QCOMPARE(states(folder.scan()), QString("beta available, alpha refused, gamma available"));
    }
    void whatIsRefusedLaterGivesItsNamesBack()
    {
        PluginFolder folder;
        folder.add("alpha", providing("new_ffn"));
        folder.add("beta", providing("new_ffn"));
        folder.add("delta", requiring("alpha") + "," + providing("other_ffn"));
        folder.add("epsilon", requiring("beta"));
        folder.add("zeta", providing("other_ffn"));
        const PluginCatalogue scanned = folder.scan();
        QCOMPARE(states(scanned), QString("alpha available, beta refused, delta available, epsilon disabled, "
                                          "zeta refused"));
        QVERIFY(scanned.find("beta")->engineLibrary.empty()); // refused
        const Error why{ErrorCode::InvalidInput, "Cannot use it: it fell over.", "Ask its author."};
        const PluginCatalogue tried = scanned.refusing({{"alpha", why}});
        QCOMPARE(states(tried), QString("alpha refused, beta available, delta disabled, epsilon available, "
                                        "zeta available"));
        QCOMPARE(qtext(tried.find("alpha")->info.reason), QString("Cannot use it: it fell over."));
        QVERIFY(tried.find("beta")->info.reason.empty() && tried.find("beta")->info.hint.empty());
        QVERIFY(tried.find("alpha")->engineLibrary.empty() && !tried.find("beta")->engineLibrary.empty());
        QVERIFY(tried.fieldTable()->providerOf("FeedForward", "new_ffn")->id == "beta");
        // And the next one that falls over does not bring the first back.
        const PluginCatalogue again = tried.refusing({{"beta", why}});
        QCOMPARE(states(again), QString("alpha refused, beta refused, delta disabled, epsilon disabled, "
                                        "zeta available"));
    }
    void noStrangerTakesANameOfTheProgramsPlugins()
    {
        PluginFolder named;
        PluginFolder builtIn;
        named.add("alpha", providing("our_ffn"));
        named.add("x");
        builtIn.add("ours", providing("our_ffn"));
        builtIn.add("x");
        const PluginDirectory asNamed{named.fsPath(), DirectoryNeed::Named};
        const PluginDirectory asBuiltIn{builtIn.fsPath(), DirectoryNeed::BuiltIn};
        const auto catalogue = PluginCatalogue::scan({asNamed, asBuiltIn});
        QCOMPARE(states(catalogue), QString("alpha refused, x available, ours available, x refused"));
        QVERIFY(catalogue.find("alpha")->info.reason.find("plugin \"ours\" has that name") !=
                std::string::npos);
        // Also where somebody names the program's folder, too.
        const auto twice =
            PluginCatalogue::scan({asNamed, {builtIn.fsPath(), DirectoryNeed::Named}, asBuiltIn});
        QCOMPARE(states(twice), states(catalogue));
    }
    void aRunKeepsTheNamesThatItUses()
    {
        PluginFolder folder;
        folder.add("alpha", providing("new_ffn"));
        folder.add("beta", providing("new_ffn") + "," + requiring("gamma"));
        folder.add("gamma", providing("other_ffn"));
        const PluginCatalogue catalogue = folder.scan();
        QCOMPARE(states(catalogue), QString("alpha available, gamma available, beta refused"));
        const PluginCatalogue ofRun = catalogue.preferring({"beta"});
        QCOMPARE(states(ofRun), QString("alpha refused, gamma available, beta available"));
        QVERIFY(ofRun.fieldTable()->providerOf("FeedForward", "new_ffn")->id == "beta");
        // What fell over is refused to the run, too.
        const Error why{ErrorCode::InvalidInput, "Cannot use it: it fell over.", "Ask its author."};
        QCOMPARE(states(ofRun.refusing({{"beta", why}})),
                 QString("alpha available, gamma available, beta refused"));
        QCOMPARE(states(catalogue.preferring({"nobody"})), states(catalogue));
    }
    void theFirstOfTwoCounts()
    {
        PluginFolder first;
        PluginFolder second;
        first.add("x");
        second.add("x");
        const auto catalogue = PluginCatalogue::scan({{first.fsPath(), DirectoryNeed::Named},
                                                      {second.fsPath(), DirectoryNeed::Named},
                                                      {first.fsPath(), DirectoryNeed::Named}});
        QCOMPARE(order(catalogue), (QStringList{"x", "x"}));
        QVERIFY(catalogue.records()[0].info.isUsable());
        QVERIFY(catalogue.find("x") == &catalogue.records()[0]);
        const PluginInfo &other = catalogue.records()[1].info;
        QVERIFY(other.state == PluginState::Refused &&
                other.reason.find("was found first in") != std::string::npos);
        QVERIFY(catalogue.records()[1].info.directory.find(second.path().toStdString()) != std::string::npos);
        // Also when it is of no use: a plugin that was broken must not silently become other code.
        QFile::remove(first.path("x/libx.so"));
        const auto again = PluginCatalogue::scan(
            {{first.fsPath(), DirectoryNeed::Named}, {second.fsPath(), DirectoryNeed::Named}});
        QVERIFY(!again.find("x")->info.isUsable());
        QVERIFY(!again.fieldTable()->findPlugin("x")->isUsable());
    }

    void ordersByRequirement()
    {
        PluginFolder folder;
        folder.add("alpha", requiring("mu"));
        folder.add("mu", requiring("zeta", "1.0"));
        folder.add("nu");
        folder.add("zeta");
        QCOMPARE(order(folder.scan()), (QStringList{"zeta", "mu", "alpha", "nu"}));
        for (const char *id : {"zeta", "mu", "alpha", "nu"}) QVERIFY(folder.scanned(id).isUsable());
    }
    void disablesWhatLacksARequirement()
    {
        PluginFolder folder;
        folder.add("x", requiring("y", "1.2"));
        checkState(folder, "x", PluginState::Disabled, "requires plugin \"y\" 1.2, which is not installed");
        folder.add("y");
        checkState(folder, "x", PluginState::Disabled, "which is installed in version 1.0.0");
        folder.addAs("y", manifestOf("y").replace("1.0.0", "2.0.0"));
        checkState(folder, "x", PluginState::Disabled, "which is installed in version 2.0.0");
        folder.addAs("y", manifestOf("y").replace("1.0.0", "1.3.0"));
        QVERIFY(folder.scanned("x").isUsable());
        folder.setMode("y/y.json", 0666);
        checkState(folder, "x", PluginState::Disabled, "which is refused: cannot trust");
    }
    void disablesCyclesAndWhatStandsOnThem()
    {
        PluginFolder folder;
        folder.add("a", requiring("b"));
        folder.add("b", requiring("c"));
        folder.add("c", requiring("a"));
        folder.add("d", requiring("b"));
        folder.add("e", requiring("e"));
        folder.add("f");
        for (const char *id : {"a", "b", "c"})
            checkState(folder, id, PluginState::Disabled, "It requires itself: a → b → c → a.");
        checkState(folder, "d", PluginState::Disabled, "which is disabled: it requires itself");
        checkState(folder, "e", PluginState::Disabled, "It requires itself: e → e.");
        QVERIFY(folder.scanned("f").isUsable());
        QCOMPARE(folder.scan().records().size(), size_t{6});
    }
    void aLongChainIsFine()
    {
        PluginFolder folder;
        for (int i = 0; i < 200; ++i)
            folder.add("p" + QByteArray::number(1000 - i),
                       i == 0 ? QByteArray() : requiring("p" + QByteArray::number(1001 - i)));
        const PluginCatalogue catalogue = folder.scan();
        QCOMPARE(catalogue.records().size(), size_t{200});
        QCOMPARE(qtext(catalogue.records().front().info.id), QString("p1000"));
        QVERIFY(catalogue.find("p801")->info.isUsable());
    }
};

QTEST_GUILESS_MAIN(TestPluginCatalogue)
#include "tst_plugin_catalogue.moc"
