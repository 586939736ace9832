"""Test only: an independent Modbus-RTU slave on a tty, made of Debian's python3-pymodbus.

argv: tty, slave address, then the input registers from 0 on. Prints "ready" when it serves.
"""
import asyncio
import sys

from pymodbus.datastore import (
    ModbusSequentialDataBlock,
    ModbusServerContext,
    ModbusSlaveContext,
)
from pymodbus.server import StartAsyncSerialServer
from pymodbus.transaction import ModbusRtuFramer

tty, address, registers = sys.argv[1], int(sys.argv[2]), [int(a) for a in sys.argv[3:]]


async def serve():
    # Wire address 0 is index 1 of the block: pymodbus adds one unless zero_mode is set.
    block = ModbusSequentialDataBlock(0, registers)
    slave = ModbusSlaveContext(ir=block, zero_mode=True)
    context = ModbusServerContext(slaves={address: slave}, single=False)
    print("ready", flush=True)
    await StartAsyncSerialServer(context=context, framer=ModbusRtuFramer, port=tty, baudrate=9600)


asyncio.run(serve())
