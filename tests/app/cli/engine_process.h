// SPDX-License-Identifier: Apache-2.0
// Runs orrery-engine in a home of its own and keeps what it said.
#pragma once

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

struct EngineAnswer {
    int exitCode = -1;
    QString out;
    QString err;

    /// All JSON lines of stdout.
    [[nodiscard]] QList<QJsonObject> lines() const
    {
        QList<QJsonObject> objects;
        for (const QString &line : out.split(u'\n', Qt::SkipEmptyParts))
            objects.append(QJsonDocument::fromJson(line.toUtf8()).object());
        return objects;
    }
    [[nodiscard]] QString all() const { return out + err; }
};

class EngineHome {
public:
    EngineHome() { QVERIFY2(m_folder.isValid(), "no temporary folder"); }
    [[nodiscard]] QString path(const QString &name = {}) const { return m_folder.filePath(name); }

    QString write(const QString &name, const QByteArray &content) const
    {
        QFile file(path(name));
        QDir().mkpath(QFileInfo(file).absolutePath());
        if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write %s", qPrintable(name));
        file.write(content);
        return file.fileName();
    }

    [[nodiscard]] QProcessEnvironment environment() const
    {
        auto environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("ORRERY_HOME"), path(QStringLiteral("home")));
        environment.insert(QStringLiteral("XDG_RUNTIME_DIR"), m_folder.path());
        return environment;
    }

    /// @param variables "NAME=value" over the usual environment
    [[nodiscard]] EngineAnswer run(const QStringList &arguments, int timeoutMs = 240'000, const QStringList &variables = {}) const
    {
        QProcess process;
        auto environment = this->environment();
        for (const QString &variable : variables) environment.insert(variable.section(u'=', 0, 0), variable.section(u'=', 1));
        process.setProcessEnvironment(environment);
        process.start(QStringLiteral(ORRERY_BIN_DIR "/orrery-engine"), arguments);
        if (!process.waitForFinished(timeoutMs)) {
            process.kill();
            process.waitForFinished();
            return {-1, QString::fromUtf8(process.readAllStandardOutput()), QStringLiteral("timed out")};
        }
        return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -process.exitCode(),
                QString::fromUtf8(process.readAllStandardOutput()), QString::fromUtf8(process.readAllStandardError())};
    }

private:
    QTemporaryDir m_folder;
};
