// SPDX-License-Identifier: GPL-3.0-or-later
// What stands in the middle of a window that has no run yet: the doors in. GUI thread only.
#pragma once

#include "core/base/result.h"

#include <QBoxLayout>
#include <QWidget>

#include <initializer_list>

class QLabel;
class QPushButton;

namespace orrery::ui {

class Banner;

class WelcomeCard : public QWidget {
    Q_OBJECT
public:
    explicit WelcomeCard(QWidget *parent = nullptr);
    /// While the example is being prepared the door says so and cannot be pressed twice.
    void setStarting(bool isStarting);
    void showError(const Error &error);
    /// What needs an engine is not offered while none answers.  @param host empty: this computer
    void setLost(bool isLost, const QString &host);
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void trainExampleRequested();
    void trainPicturesRequested(); ///< with pictures and a memory
    void newRunRequested();
    void openRequested();
    void connectRequested(); ///< to the host of another computer

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    QWidget *makeDoor(const QString &title, const QString &text, std::initializer_list<QPushButton *> buttons);

    [[nodiscard]] int widthOfDoors() const;
    void setDirection(QBoxLayout::Direction direction);

    QBoxLayout *m_doors = nullptr;
    QLabel *m_title, *m_intro;
    QPushButton *m_example;
    QPushButton *m_pictures;
    QPushButton *m_open;
    QPushButton *m_newRun;
    QPushButton *m_connect;
    Banner *m_banner;
};

} // namespace orrery::ui
