#include "engine/cluster/ip_text.h"

#include <gtest/gtest.h>

#include <string>

namespace norn::cluster {
namespace {

std::string FieldOf(std::string text) {
  text.resize(IpText::kFieldBytes, '\0');
  return text;
}

TEST(IpText, IsReadFromItsFieldUpToTheZero) {
  EXPECT_EQ(IpText::FromField(FieldOf("fe80::1%eth0"))->view(), "fe80::1%eth0");
  EXPECT_EQ(*IpText::FromField(FieldOf(std::string("10.0.0.1\0junk \n", 15))),
            *IpText::Parse("10.0.0.1"));
  EXPECT_TRUE(IpText::FromField(FieldOf(""))->empty());
  EXPECT_EQ(IpText::FromField(FieldOf(std::string(45, '1')))->str(), std::string(45, '1'));
}

TEST(IpText, WhatIsNotPlainOrNotClosedIsRefused) {
  EXPECT_FALSE(IpText::FromField(std::string(46, '1')));
  EXPECT_FALSE(IpText::FromField("1"));
  EXPECT_FALSE(IpText::FromField(FieldOf("10.0.0.1 myself")));
  EXPECT_FALSE(IpText::Parse(std::string(46, '1')));
  EXPECT_FALSE(IpText::Parse("a\nb"));
  EXPECT_FALSE(IpText::Parse("a,b"));
}

TEST(IpText, ItsFieldIsFilledWithZeros) {
  EXPECT_EQ(IpText::Parse("::1")->field(), FieldOf("::1"));
  EXPECT_EQ(IpText().field(), FieldOf(""));
}

TEST(IpText, PlainIsWhatAWordOfNodesConfCanHold) {
  EXPECT_TRUE(IsPlainText("n1.example-2_x/y:%"));
  EXPECT_TRUE(IsPlainText(""));
  for (const char c :
       {' ', '\t', '\n', '\0', ',', '=', '"', '\'', '\\', '@', '[', '\x7f', '\xe4'}) {
    EXPECT_FALSE(IsPlainText(std::string(1, c))) << static_cast<int>(c);
  }
}

}  // namespace
}  // namespace norn::cluster
