// SPDX-License-Identifier: GPL-3.0-or-later
// The frozen settings of runs: each is asked for once, some at a time, and kept. What differs among runs is what they
// can be grouped by. GUI thread only; owned by who draws several runs.
#pragma once

#include "widgets/session/engine_session.h"

#include <QHash>
#include <QObject>
#include <QStringList>

#include <optional>

namespace orrery::ui {

struct SpecKey {
    QString key;   ///< "optimizer.lr"
    QString label; ///< "Learning rate"
    bool operator==(const SpecKey &) const = default;
};

class RunSpecs : public QObject {
    Q_OBJECT
public:
    /// Questions under way at a time: a host behind a slow line answers others, too.
    static constexpr int kMaxUnderWay = 4;

    /// @param session must outlive it
    explicit RunSpecs(EngineSession &session, QObject *parent = nullptr);
    /// Forgets all, also what is still being answered: another engine's runs may have the same ids.
    void clear();
    /// Asks for what is not known, also for what could not be read before.
    void want(const QStringList &runs);
    [[nodiscard]] bool isKnown(const QString &run) const { return m_specs.contains(run); }
    /// Whether it has settings that are known; what was imported has none.
    [[nodiscard]] bool hasSettings(const QString &run) const;
    /// Whether an answer is still to come.
    [[nodiscard]] bool isReading() const { return m_numUnderWay > 0 || !m_waiting.isEmpty(); }
    [[nodiscard]] const std::optional<Error> &error() const { return m_error; } ///< the last one

    /// batch_size · accumulation · context; 0: not known, or no training of ours.
    [[nodiscard]] double tokensPerStep(const QString &run) const;
    /// With its unit; "—" when the run has no such setting or is not known.
    [[nodiscard]] QString value(const QString &run, const QString &key) const;
    /// As spec.json has it: "0.001", "true", "swiglu"; null when the run has no such setting or is not known.
    [[nodiscard]] QString plainValue(const QString &run, const QString &key) const;
    /// Settings with more than one value among the runs that have settings, in the order of forms: without the name,
    /// the seed last.
    [[nodiscard]] QList<SpecKey> differingKeys(const QStringList &runs) const;

Q_SIGNALS:
    void changed();

private:
    struct Spec {
        QStringList order;
        QHash<QString, QString> values, labels, plain;
        double tokensPerStep = 0;
    };
    void ask();
    static std::optional<Spec> read(const QString &json);

    EngineSession &m_session;
    QHash<QString, Spec> m_specs;
    QStringList m_waiting;
    QStringList m_underWay;
    int m_numUnderWay = 0;
    quint64 m_engineNumber = 0; ///< answers of an older one are not kept
    std::optional<Error> m_error;
};

} // namespace orrery::ui
