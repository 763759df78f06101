// SPDX-License-Identifier: Apache-2.0
#include "check_result.h"

#include "core/base/files.h"
#include "core/base/log.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>

using namespace orrery;

class TestLog : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::filesystem::path at(const char *name)
    {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }

private Q_SLOTS:
    void writesOneJsonObjectPerLine()
    {
        VERIFY_OK(initLog(at("log.jsonl"), LogLevel::Info));
        QVERIFY(logPath() == at("log.jsonl"));
        logDebug("not kept");
        logInfo("plain");
        logWarning("a \"quoted\" \\ line\nbreak %v {} \x01");
        logError("broken \xff byte");
        flushLog();
        const QList<QByteArray> lines =
            QByteArray::fromStdString(*readFile(at("log.jsonl"), 1 << 20)).trimmed().split('\n');
        QCOMPARE(lines.size(), 3);
        const QStringList levels = {"info", "warning", "error"};
        const QStringList texts = {"plain", "a \"quoted\" \\ line\nbreak %v {} \x01",
                                   QString::fromUtf8("broken \xEF\xBF\xBD byte")};
        for (int i = 0; i < 3; ++i) {
            const QJsonObject line = QJsonDocument::fromJson(lines[i]).object();
            QCOMPARE(line["level"].toString(), levels[i]);
            QCOMPARE(line["text"].toString(), texts[i]);
            QVERIFY(QDateTime::fromString(line["time"].toString(), Qt::ISODateWithMs).isValid());
        }
    }
    void saysWhenTheFileCannotBeOpened()
    {
        VERIFY_ERROR(initLog("/proc/none/log.jsonl"), ErrorCode::Io, "/proc/none/log.jsonl");
    }
};

QTEST_GUILESS_MAIN(TestLog)
#include "tst_log.moc"
