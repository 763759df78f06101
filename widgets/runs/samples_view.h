// SPDX-License-Identifier: GPL-3.0-or-later
// What the model wrote at the sampling steps, with what it was shown, one step at a time; stays at the newest
// until the user goes back. GUI thread.
#pragma once

#include "core/spec/generation.h"
#include "core/spec/run_records.h"

#include <QImage>
#include <QList>
#include <QMap>
#include <QWidget>

#include <optional>
#include <vector>

class QComboBox;
class QMenu;
class QPushButton;
class QStackedWidget;
class QTextCursor;
class QTextEdit;
class QToolButton;

namespace orrery::ui {

class SamplesView : public QWidget {
    Q_OBJECT
public:
    explicit SamplesView(QWidget *parent = nullptr);
    void clear();
    /// Takes all events of a run; keeps the samples among them.
    void appendEvents(const std::vector<RunEvent> &events);
    [[nodiscard]] QString shownText() const;
    [[nodiscard]] QComboBox *stepBox() const { return m_steps; }
    /// Whether there is a model that could read a sample again.   @param reason empty: there is
    void setLookReason(const QString &reason);

Q_SIGNALS:
    /// What the model was shown and wrote, to be read again.
    void lookInside(const orrery::GenerateRequest &request, qint64 step);

private:
    struct Sample {
        QString prompt, text, expected;
        QList<QImage> pictures;
        QList<QList<double>> recordings; ///< loudness from moment to moment, 0 to 1
        int document = -1;               ///< number of the document that was shown; −1: a text, or not known
        std::vector<int32_t> answerIds;  ///< of the text, behind a document
        [[nodiscard]] bool hasMedia() const { return !pictures.isEmpty() || !recordings.isEmpty(); }
    };
    static Sample sampleOf(const RunEvent &event);
    /// What is read again; nothing: it cannot be.
    static std::optional<GenerateRequest> requestOf(const Sample &sample);
    void insert(QTextCursor &cursor, const Sample &sample);
    void insertImage(QTextCursor &cursor, const QImage &image, const QString &description);
    void showStep();
    void move(int by);
    void updateButtons();
    void updateLook();

    QMap<qint64, QList<Sample>> m_samples;
    QComboBox *m_steps;
    QToolButton *m_earlier, *m_later;
    QPushButton *m_look;
    QMenu *m_lookMenu; ///< where a step has several samples
    QString m_lookReason;
    QTextEdit *m_text;
    QStackedWidget *m_stack;
};

} // namespace orrery::ui
