// SPDX-License-Identifier: Apache-2.0
#include "core/infer/model_loader.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace orrery;

class TestParseReference : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsPathAndStep_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("path");
        QTest::addColumn<int>("step");
        QTest::addColumn<bool>("isBest");
        QTest::newRow("path") << "runs/a"
                              << "runs/a" << -1 << false;
        QTest::newRow("step") << "runs/a@1200"
                              << "runs/a" << 1200 << false;
        QTest::newRow("step 0") << "runs/a@0"
                                << "runs/a" << 0 << false;
        QTest::newRow("latest") << "runs/a@latest"
                                << "runs/a" << -1 << false;
        QTest::newRow("best") << "runs/a@best"
                              << "runs/a" << -1 << true;
        QTest::newRow("id") << "cpp-tiny-20261123-154210@7"
                            << "cpp-tiny-20261123-154210" << 7 << false;
        QTest::newRow("@ in a folder") << "me@home/a"
                                       << "me@home/a" << -1 << false;
        QTest::newRow("@ in a folder and a step") << "me@home/a@3"
                                                  << "me@home/a" << 3 << false;
        QTest::newRow("trailing slash") << "runs/a/"
                                        << "runs/a/" << -1 << false;
    }

    void readsPathAndStep()
    {
        QFETCH(QString, text);
        const auto reference = parseModelReference(text.toStdString());
        QVERIFY(reference.ok());
        QTEST(QString::fromStdString(reference->path), "path");
        QTEST(static_cast<int>(reference->step), "step");
        QTEST(reference->isBest, "isBest");
    }

    void takesAnExistingPathWhole()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath("model@v2").toStdString();
        QVERIFY(QDir().mkpath(QString::fromStdString(path)));
        const auto reference = parseModelReference(path);
        QVERIFY(reference.ok());
        QCOMPARE(reference->path, path);
        QCOMPARE(reference->step, int64_t(-1));
    }

    void rejectsWhatIsNoModel_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("found");
        QTest::addColumn<QString>("hint");
        QTest::newRow("empty") << ""
                               << "empty"
                               << "RUN";
        QTest::newRow("word") << "runs/a@newest"
                              << "\"newest\""
                              << "runs show";
        QTest::newRow("no step") << "runs/a@"
                                 << "\"\""
                                 << "runs show";
        QTest::newRow("negative") << "runs/a@-3"
                                  << "\"-3\""
                                  << "runs show";
        QTest::newRow("fraction") << "runs/a@1.5"
                                  << "\"1.5\""
                                  << "runs show";
        QTest::newRow("too large") << "runs/a@99999999999999999999"
                                   << "99999999999999999999"
                                   << "runs show";
        QTest::newRow("only a step") << "@5"
                                     << "before the @"
                                     << "RUN@5";
        QTest::newRow("live") << "runs/a@live"
                              << "\"live\""
                              << "saved steps";
    }

    void rejectsWhatIsNoModel()
    {
        QFETCH(QString, text);
        QFETCH(QString, found);
        QFETCH(QString, hint);
        const auto reference = parseModelReference(text.toStdString());
        QVERIFY(!reference.ok());
        QCOMPARE(reference.error().code, ErrorCode::InvalidInput);
        QVERIFY2(QString::fromStdString(reference.error().message).contains(found),
                 reference.error().message.c_str());
        QVERIFY2(QString::fromStdString(reference.error().hint).contains(hint),
                 reference.error().hint.c_str());
    }
};

QTEST_APPLESS_MAIN(TestParseReference)
#include "tst_parse_reference.moc"
