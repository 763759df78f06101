// SPDX-License-Identifier: GPL-3.0-or-later
// What the window keeps so that a kill loses no more than a second: each part of it tells how it stands, and this writes what
// has changed, soon after anybody did anything. It is the only way in which places, drafts and undo get into the settings.
// GUI thread only; owned by the window.
#pragma once

#include "core/base/result.h"

#include <QObject>
#include <QString>
#include <QTimer>
#include <QVariantMap>

#include <functional>
#include <map>

class QSettings;

namespace orrery::ui {

class Journal : public QObject {
    Q_OBJECT
public:
    /// From the first change to the writing; later changes do not put it off. With the writing less than a second.
    static constexpr int kDelayMs = 500;
    static constexpr qsizetype kMaxLetters = 1024 * 1024; ///< of one part; what is longer stays as it was kept last

    /// @param settings outlives it
    explicit Journal(QSettings &settings, QObject *parent = nullptr);
    ~Journal() override;
    /// @param state how it stands: text, bytes or a number; an invalid QVariant: as it was kept last
    void keep(const QString &key, std::function<QVariant()> state);
    /// Something may have changed. Whatever is done with mouse and keyboard in the program tells it by itself.
    void noteChange();
    void saveNow();
    /// No key and no click is listened to any more, and nothing is written: the window ends.
    void stop();

    /// A state as text, and back: lists of texts stay such lists.
    static QString textOf(const QVariantMap &state);
    static QVariantMap stateOf(const QString &text);

Q_SIGNALS:
    /// Once, until it can be written again.
    void failed(const orrery::Error &error);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QSettings &m_settings;
    std::map<QString, std::function<QVariant()>> m_parts;
    std::map<QString, QVariant> m_kept; ///< as written last
    QTimer m_timer;
    bool m_hasFailed = false, m_isStopped = false;
};

} // namespace orrery::ui
